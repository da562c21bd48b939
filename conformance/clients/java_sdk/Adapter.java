import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.ecs.model.v20140526.RedeployInstanceRequest;
import com.aliyuncs.ecs.model.v20140526.RedeployInstanceResponse;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.google.gson.JsonObject;
import java.net.URI;

/** com.aliyun:aliyun-java-sdk-ecs with its core, with the options they have. */
final class Adapter {
    private Adapter() {}

    public static void main(String[] arguments) throws Exception {
        Lines.serve("com.aliyun:aliyun-java-sdk-ecs", "v1", Adapter::call);
    }

    private static JsonObject call(JsonObject asked) {
        URI address = URI.create(Lines.text(asked, "endpoint"));
        int milliseconds = (int) (asked.get("deadline_seconds").getAsDouble() * 1000);
        DefaultProfile profile = DefaultProfile.getProfile(
                Lines.text(asked, "region"),
                Lines.text(asked, "access_key_id"),
                Lines.text(asked, "access_key_secret"));
        profile.getHttpClientConfig().setCertPath(Lines.text(asked, "ca_file"));
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
            RedeployInstanceResponse answer =
                    new DefaultAcsClient(profile).getAcsResponse(wanted);
            return Lines.success(answer.getTaskId(), answer.getRequestId());
        } catch (ClientException error) {
            return Lines.failure(
                    error, error.getErrMsg(), error.getErrCode(), null, error.getRequestId());
        } catch (Exception error) {
            return Lines.failure(error, error.getMessage(), null, null, null);
        }
    }
}
