import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.ecs.model.v20140526.RedeployInstanceRequest;
import com.aliyuncs.ecs.model.v20140526.RedeployInstanceResponse;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.http.clients.ApacheHttpClient;
import com.aliyuncs.profile.DefaultProfile;
import com.aliyuncs.utils.IOUtils;
import com.google.gson.JsonObject;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Objects;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** com.aliyun:aliyun-java-sdk-ecs with its core, with the options they have. */
final class Adapter {
    private static String trusted; // the ca_file of the call before

    private Adapter() {}

    public static void main(String[] arguments) throws Exception {
        Lines.serve("com.aliyun:aliyun-java-sdk-ecs", "v1", Adapter::call);
    }

    private static JsonObject call(JsonObject asked) {
        String authority = Lines.text(asked, "ca_file");
        if (!Objects.equals(authority, trusted)) {
            // One client serves the whole process, with the trust of the first call.
            IOUtils.closeQuietly(ApacheHttpClient.getInstance());
            trusted = authority;
        }
        URI address = URI.create(Lines.text(asked, "endpoint"));
        int milliseconds = (int) (asked.get("deadline_seconds").getAsDouble() * 1000);
        DefaultProfile profile = DefaultProfile.getProfile(
                Lines.text(asked, "region"),
                Lines.text(asked, "access_key_id"),
                Lines.text(asked, "access_key_secret"));
        RedeployInstanceRequest wanted = new RedeployInstanceRequest();
        wanted.setSysEndpoint(address.getAuthority());
        wanted.setSysProtocol(
                address.getScheme().equals("https") ? ProtocolType.HTTPS : ProtocolType.HTTP);
        wanted.setSysConnectTimeout(milliseconds);
        wanted.setSysReadTimeout(milliseconds);
        wanted.setInstanceId(Lines.text(asked, "instance_id"));
        if (asked.has("force_stop")) {
            wanted.setForceStop(asked.get("force_stop").getAsBoolean());
        }
        try {
            if (authority != null) {
                profile.getHttpClientConfig().setX509TrustManagers(trusting(authority));
            }
            RedeployInstanceResponse answer =
                    new DefaultAcsClient(profile).getAcsResponse(wanted);
            if (answer == null) { // a success with nothing in it
                return Lines.success(null, null);
            }
            return Lines.success(answer.getTaskId(), answer.getRequestId());
        } catch (ClientException error) {
            return Lines.failure(
                    error, error.getErrMsg(), error.getErrCode(), null, error.getRequestId());
        } catch (Exception error) {
            return Lines.failure(error, error.getMessage(), null, null, null);
        }
    }

    private static X509TrustManager[] trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream certificates = Files.newInputStream(Path.of(file))) {
            for (Certificate one :
                    CertificateFactory.getInstance("X.509").generateCertificates(certificates)) {
                store.setCertificateEntry("authority " + store.size(), one);
            }
        }
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return new X509TrustManager[] {(X509TrustManager) factory.getTrustManagers()[0]};
    }
}
