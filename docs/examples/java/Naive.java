// A naive receiver: it answers at once and books later. The bug: what it has not booked yet dies with the process.
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

class Naive {
    record Sale(String eventId, String body) {}

    private static final LinkedBlockingQueue<Sale> WAITING = new LinkedBlockingQueue<>();

    public static void main(String[] arguments) throws IOException {
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT")));
        var server = HttpServer.create(address, 0);
        server.createContext("/hook", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            if ("SaleCreated".equals(exchange.getRequestHeaders().getFirst("X-Webhook-Event")))
                WAITING.add(new Sale(exchange.getRequestHeaders().getFirst("X-Webhook-Event-Id"), body));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        Executors.newSingleThreadScheduledExecutor().scheduleWithFixedDelay(Naive::book, 0, 200, TimeUnit.MILLISECONDS);
        server.start();
    }

    private static void book() {
        try (var database = DriverManager.getConnection(System.getenv("JDBC_URL"))) {
            for (Sale sale = WAITING.poll(); sale != null; sale = WAITING.poll())
                try (var statement = database.prepareStatement("INSERT INTO sales (event_id, sale_id, store_id, total)"
                        + " SELECT ?, (sale->>'saleId')::bigint, (sale->>'storeId')::bigint, (sale->>'total')::numeric"
                        + " FROM (SELECT ?::json AS sale) AS sent WHERE NOT EXISTS (SELECT 1 FROM sales WHERE event_id = ?)")) {
                    statement.setString(1, sale.eventId());
                    statement.setString(2, sale.body());
                    statement.setString(3, sale.eventId());
                    statement.executeUpdate();
                }
        } catch (SQLException error) {
            System.err.println(error.getMessage());
        }
    }
}
