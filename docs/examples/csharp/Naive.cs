// A naive receiver: it notes the event in one transaction and books in another. The bug: a crash or an error between
// the two leaves a note without a booking, and the resend takes it for a duplicate.
using Npgsql;

var database = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable("DATABASE_DSN")!);
var app = WebApplication.CreateBuilder(args).Build();

app.MapPost("/hook", async (HttpRequest request) =>
{
    string? eventId = request.Headers["X-Webhook-Event-Id"];
    string? type = request.Headers["X-Webhook-Event"];
    if (string.IsNullOrEmpty(eventId) || string.IsNullOrEmpty(type)) return Results.StatusCode(400);
    await using var note = database.CreateCommand(
        "INSERT INTO events (event_id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    note.Parameters.AddWithValue(eventId);
    note.Parameters.AddWithValue(type);
    if (await note.ExecuteNonQueryAsync() == 1 && type == "SaleCreated")
    {
        var sale = await request.ReadFromJsonAsync<Sale>();
        await using var book = database.CreateCommand("INSERT INTO sales (event_id, sale_id) VALUES ($1, $2)");
        book.Parameters.AddWithValue(eventId);
        book.Parameters.AddWithValue(sale?.SaleId ?? (object)DBNull.Value);
        await book.ExecuteNonQueryAsync();
    }
    return Results.NoContent();
});

app.Run();

record Sale(long? SaleId);
