<?php
// A right receiver on plain PHP and MariaDB: `php -S 127.0.0.1:8500 right.php`, with DB_HOST and its like set.
declare(strict_types=1);

$eventId = $_SERVER['HTTP_X_WEBHOOK_EVENT_ID'] ?? '';
$type = $_SERVER['HTTP_X_WEBHOOK_EVENT'] ?? '';
$sale = json_decode(file_get_contents('php://input'), true);
if (!str_contains($_SERVER['CONTENT_TYPE'] ?? '', 'json')) {
    http_response_code(415);
    exit;
}
if ($eventId === '' || $type === '' || !is_array($sale)) {
    http_response_code(400);
    exit;
}
try {
    $dsn = sprintf('mysql:host=%s;port=%s;dbname=%s', getenv('DB_HOST'), getenv('DB_PORT'), getenv('DB_DATABASE'));
    $database = new PDO($dsn, getenv('DB_USERNAME'), getenv('DB_PASSWORD') ?: null);
    $database->beginTransaction();
    // Of two copies at once, the second waits here for the COMMIT of the first, and then notes nothing.
    $noted = $database->prepare('INSERT INTO events (event_id, type) VALUES (?, ?) ON DUPLICATE KEY UPDATE type = type');
    $noted->execute([$eventId, $type]);
    if ($noted->rowCount() === 1 && $type === 'SaleCreated') {
        $database->prepare('INSERT INTO sales (event_id, sale_id, store_id, total) VALUES (?, ?, ?, ?)')
            ->execute([$eventId, $sale['saleId'] ?? null, $sale['storeId'] ?? null, $sale['total'] ?? null]);
    }
    $database->commit();
    http_response_code(204); // after the COMMIT, never before
} catch (PDOException $error) {
    error_log($error->getMessage());
    http_response_code(500); // the list -> resend job sends it again
}
