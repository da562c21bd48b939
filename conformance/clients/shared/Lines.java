import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/** The adapter protocol for Java adapters: one JSON line in, one JSON line out. */
final class Lines {
    private static final Gson GSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final PrintStream OUT = new PrintStream(
            new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    private Lines() {}

    /** Introduces the library, then answers each request until standard input ends. */
    static void serve(String library, String signature, Function<JsonObject, JsonObject> call)
            throws Exception {
        JsonObject card = new JsonObject();
        card.addProperty("protocol", 1);
        card.addProperty("library", library);
        card.addProperty("version", version(library));
        card.addProperty("language", "Java");
        card.addProperty("runtime",
                System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        card.addProperty("signature", signature);
        OUT.println(GSON.toJson(card));
        BufferedReader lines = new BufferedReader(
                new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonObject request = JsonParser.parseString(line).getAsJsonObject();
            JsonObject answer = call.apply(request);
            answer.add("id", request.get("id"));
            OUT.println(GSON.toJson(answer));
        }
        System.exit(0); // a client may keep threads of its own
    }

    /** The text of a field of the request, or null. */
    static String text(JsonObject request, String name) {
        return request.has(name) ? request.get(name).getAsString() : null;
    }

    /** A success with the ids as the library hands them out. */
    static JsonObject success(Object taskId, Object requestId) {
        JsonObject answer = new JsonObject();
        answer.addProperty("outcome", "success");
        answer.addProperty("task_id", taskId == null ? null : taskId.toString());
        answer.addProperty("request_id", requestId == null ? null : requestId.toString());
        return answer;
    }

    /**
     * An error, or a timeout where one of its causes is one. What the error prints goes to
     * standard error too, as a program's log would show it.
     */
    static JsonObject failure(
            Throwable error, String message, String code, Integer status, Object requestId) {
        error.printStackTrace();
        JsonObject answer = new JsonObject();
        answer.addProperty("message", message == null ? "" : message);
        answer.addProperty("class", error.getClass().getSimpleName());
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketTimeoutException) {
                answer.addProperty("outcome", "timeout");
                return answer;
            }
        }
        answer.addProperty("outcome", "error");
        answer.addProperty("code", code);
        answer.addProperty("http_status", status);
        answer.addProperty("request_id", requestId == null ? null : requestId.toString());
        return answer;
    }

    /** What the library is not able to do. */
    static JsonObject unsupported(String why) {
        JsonObject answer = new JsonObject();
        answer.addProperty("outcome", "unsupported");
        answer.addProperty("message", why);
        return answer;
    }

    /** The version in the name of the library's jar file on the class path. */
    private static String version(String library) {
        String name = library.substring(library.indexOf(':') + 1) + "-";
        for (String entry : System.getProperty("java.class.path").split(":")) {
            String file = entry.substring(entry.lastIndexOf('/') + 1);
            if (file.startsWith(name) && file.endsWith(".jar")) {
                return file.substring(name.length(), file.length() - ".jar".length());
            }
        }
        throw new IllegalStateException("The jar of " + library + " is not on the class path.");
    }
}
