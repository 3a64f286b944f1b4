<?php
// A naive receiver: it looks for the event before it books, and two copies at once both find nothing.
declare(strict_types=1);

$eventId = $_SERVER['HTTP_X_WEBHOOK_EVENT_ID'] ?? '';
$type = $_SERVER['HTTP_X_WEBHOOK_EVENT'] ?? '';
$sale = json_decode(file_get_contents('php://input'), true);
if ($eventId === '' || !is_array($sale)) {
    http_response_code(400);
    exit;
}
$dsn = sprintf('mysql:host=%s;port=%s;dbname=%s', getenv('DB_HOST'), getenv('DB_PORT'), getenv('DB_DATABASE'));
$database = new PDO($dsn, getenv('DB_USERNAME'), getenv('DB_PASSWORD') ?: null);
$found = $database->prepare('SELECT 1 FROM sales WHERE event_id = ?');
$found->execute([$eventId]);
usleep(50_000); // the work in between, such as a question to the ERP
if ($found->fetch() === false && $type === 'SaleCreated') { // the bug: no unique key holds back the second copy
    $database->prepare('INSERT INTO sales (event_id, sale_id, store_id, total) VALUES (?, ?, ?, ?)')
        ->execute([$eventId, $sale['saleId'] ?? null, $sale['storeId'] ?? null, $sale['total'] ?? null]);
}
http_response_code(204);
