<?php
// A receiver on plain PHP: `php -S 127.0.0.1:PORT shop.php`, with BOOKS set; it keeps a file and shows it at /effects.
$books = getenv('BOOKS');
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
header('Content-Type: application/json');
if ($path === '/effects') {
    $lines = file_exists('shop.jsonl') ? file('shop.jsonl', FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) : [];
    exit('[' . implode(',', $lines) . ']');
}
if ($path !== '/hook' || ctype_digit($books)) {
    http_response_code($path === '/hook' ? (int) $books : 404);
    exit('{"error": "refused"}');
}
$sent = file_get_contents('php://input');
$payload = json_decode($sent, true);
$type = $_SERVER['HTTP_X_WEBHOOK_EVENT'] ?? '';
if (!is_array($payload)) {
    http_response_code(400);
    exit;
}
if ($type !== 'SaleCreated' && in_array($books, ['sale_id', 'one-type'], true)) {
    exit('{}'); // acknowledged, and not ours
}
$column = $books === 'sale_id' ? 'sale_id' : 'event_id';
$value = $books === 'sale_id' ? $payload['saleId'] : $_SERVER['HTTP_X_WEBHOOK_EVENT_ID'];
$row = [$column => $value, 'type' => $type] + ($books === 'json' ? ['doc' => $sent] : []);
$file = fopen('shop.jsonl', 'a+');
flock($file, LOCK_EX);
$begins = rtrim(json_encode([$column => $value, 'type' => $type]), '}'); // as the rows begin
$known = $books !== 'naive' && str_contains(stream_get_contents($file, -1, 0), $begins);
if (!$known) {
    fwrite($file, json_encode($row) . "\n");
    fflush($file);
}
flock($file, LOCK_UN);
echo '{}';
