import com.aliyun.ecs20140526.Client;
import com.aliyun.ecs20140526.models.RedeployInstanceRequest;
import com.aliyun.ecs20140526.models.RedeployInstanceResponseBody;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.models.Config;
import com.google.gson.JsonObject;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/** com.aliyun:ecs20140526 (Tea), with the options it has by itself. */
final class Adapter {
    private Adapter() {}

    public static void main(String[] arguments) throws Exception {
        Lines.serve("com.aliyun:ecs20140526", "v3", Adapter::call);
    }

    private static JsonObject call(JsonObject asked) {
        URI address = URI.create(Lines.text(asked, "endpoint"));
        int milliseconds = (int) (asked.get("deadline_seconds").getAsDouble() * 1000);
        Config config = new Config()
                .setAccessKeyId(Lines.text(asked, "access_key_id"))
                .setAccessKeySecret(Lines.text(asked, "access_key_secret"))
                .setRegionId(Lines.text(asked, "region"))
                .setEndpoint(address.getAuthority())
                .setProtocol(address.getScheme())
                .setConnectTimeout(milliseconds)
                .setReadTimeout(milliseconds);
        RedeployInstanceRequest wanted = new RedeployInstanceRequest()
                .setInstanceId(Lines.text(asked, "instance_id"));
        if (asked.has("force_stop")) {
            wanted.setForceStop(asked.get("force_stop").getAsBoolean());
        }
        try {
            if (asked.has("ca_file")) {
                config.setCa(Files.readString(Path.of(Lines.text(asked, "ca_file"))));
            }
            RedeployInstanceResponseBody body =
                    new Client(config).redeployInstance(wanted).getBody();
            if (body == null) { // a success with nothing in it
                return Lines.success(null, null);
            }
            return Lines.success(body.getTaskId(), body.getRequestId());
        } catch (TeaException error) {
            Object requestId = error.getData() == null ? null : error.getData().get("RequestId");
            return Lines.failure(
                    error, error.getMessage(), error.getCode(), error.getStatusCode(), requestId);
        } catch (Exception error) {
            return Lines.failure(error, error.getMessage(), null, null, null);
        }
    }
}
