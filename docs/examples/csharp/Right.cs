// A right receiver on ASP.NET Core and PostgreSQL: `dotnet run`, with DATABASE_DSN and ASPNETCORE_URLS set.
using System.Text.Json;
using Npgsql;

var database = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable("DATABASE_DSN")!);
var json = new JsonSerializerOptions(JsonSerializerDefaults.Web);
var app = WebApplication.CreateBuilder(args).Build();

app.MapPost("/hook", async (HttpRequest request) =>
{
    string? eventId = request.Headers["X-Webhook-Event-Id"];
    string? type = request.Headers["X-Webhook-Event"];
    if (string.IsNullOrEmpty(eventId) || string.IsNullOrEmpty(type)) return Results.StatusCode(400);
    if (!request.HasJsonContentType()) return Results.StatusCode(415);
    JsonElement payload;
    try
    {
        payload = await request.ReadFromJsonAsync<JsonElement>(); // of any type, also one that is new
    }
    catch (JsonException)
    {
        return Results.StatusCode(400);
    }
    await using var connection = await database.OpenConnectionAsync();
    await using var transaction = await connection.BeginTransactionAsync(); // rolls back if it is not committed
    await using var note = new NpgsqlCommand(
        "INSERT INTO events (event_id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING", connection, transaction);
    note.Parameters.AddWithValue(eventId);
    note.Parameters.AddWithValue(type);
    if (await note.ExecuteNonQueryAsync() == 1 && type == "SaleCreated") // a duplicate books nothing
    {
        var sale = payload.Deserialize<Sale>(json); // passes over fields that Sale does not name
        await using var book = new NpgsqlCommand(
            "INSERT INTO sales (event_id, sale_id, store_id, total) VALUES ($1, $2, $3, $4)", connection, transaction);
        book.Parameters.AddWithValue(eventId);
        book.Parameters.AddWithValue(sale?.SaleId ?? (object)DBNull.Value);
        book.Parameters.AddWithValue(sale?.StoreId ?? (object)DBNull.Value);
        book.Parameters.AddWithValue(sale?.Total ?? (object)DBNull.Value);
        await book.ExecuteNonQueryAsync();
    }
    await transaction.CommitAsync();
    return Results.NoContent(); // after the COMMIT, never before; an exception is answered 500
});

app.Run();

record Sale(long? SaleId, long? StoreId, decimal? Total);
