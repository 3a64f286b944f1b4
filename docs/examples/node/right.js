// A right receiver on Express and PostgreSQL: `node right.js`, with DATABASE_URL and PORT set.
import express from "express";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.use(express.json({ limit: "10mb" })); // by default Express refuses more than 100 kB

app.post("/hook", async (request, response) => {
  const eventId = request.get("X-Webhook-Event-Id");
  const type = request.get("X-Webhook-Event");
  if (!eventId || !type) return response.sendStatus(400);
  if (!request.is("json")) return response.sendStatus(415);
  const database = await pool.connect();
  try {
    await database.query("BEGIN");
    const noted = await database.query(
      "INSERT INTO events (event_id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING", [eventId, type]);
    if (noted.rowCount === 1 && type === "SaleCreated") { // a duplicate books nothing, nor does another type
      const sale = request.body;
      await database.query("INSERT INTO sales (event_id, sale_id, store_id, total) VALUES ($1, $2, $3, $4)",
        [eventId, sale.saleId, sale.storeId, sale.total]);
    }
    await database.query("COMMIT");
    response.sendStatus(204); // after the COMMIT, never before
  } catch (error) {
    await database.query("ROLLBACK").catch(() => {});
    console.error(error);
    response.sendStatus(500); // the list -> resend job sends it again
  } finally {
    database.release();
  }
});

app.listen(process.env.PORT, "127.0.0.1");
