// A right receiver on the JDK alone and PostgreSQL: `java -cp postgresql.jar Right.java`, with JDBC_URL and PORT set.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.Executors;

class Right {
    public static void main(String[] arguments) throws IOException {
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT")));
        var server = HttpServer.create(address, 0);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/hook", exchange -> {
            exchange.sendResponseHeaders(answer(exchange), -1);
            exchange.close();
        });
        server.start();
    }

    private static int answer(HttpExchange exchange) throws IOException {
        String eventId = exchange.getRequestHeaders().getFirst("X-Webhook-Event-Id");
        String type = exchange.getRequestHeaders().getFirst("X-Webhook-Event");
        String contentType = exchange.getRequestHeaders().getFirst("Content-Type");
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (eventId == null || type == null) return 400;
        if (contentType == null || !contentType.contains("json")) return 415;
        try (Connection database = DriverManager.getConnection(System.getenv("JDBC_URL"))) {
            database.setAutoCommit(false); // without a commit(), close() rolls back
            int noted = run(database, "INSERT INTO events (event_id, type) SELECT ?, ?"
                    + " WHERE json_typeof(?::json) IS NOT NULL ON CONFLICT DO NOTHING", eventId, type, body); // broken JSON fails
            if (noted == 1 && type.equals("SaleCreated"))
                run(database, "INSERT INTO sales (event_id, sale_id, store_id, total) SELECT ?, (sale->>'saleId')::bigint,"
                        + " (sale->>'storeId')::bigint, (sale->>'total')::numeric FROM (SELECT ?::json AS sale) AS sent", eventId, body);
            database.commit();
            return 204; // after the COMMIT, never before
        } catch (SQLException error) {
            System.err.println(error.getMessage());
            return "22P02".equals(error.getSQLState()) ? 400 : 500; // not JSON; anything else is tried again
        }
    }

    private static int run(Connection database, String sql, String... values) throws SQLException {
        try (PreparedStatement statement = database.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) statement.setString(i + 1, values[i]);
            return statement.executeUpdate();
        }
    }
}
