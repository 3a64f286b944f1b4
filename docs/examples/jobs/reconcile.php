<?php
// The list -> resend job for PHP 8, without extensions: serial, without state, a window of thirty days.
//
//   lock -> for each webhook: list success=false -> resend each once -> exit code 1 if anything is left
//
// Reads FRONTSIM_BASE_URL, FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY, FRONTSIM_WEBHOOK_IDS and FRONTSIM_STATE_DIR.

declare(strict_types=1);

const LONGEST_WAIT_S = 60;

class Failed extends Exception {} // no good answer came, and none will come soon
class Lost extends Failed {} // the call may have been done: no answer came, or a 5xx

/** One call, waiting as Retry-After asks after a 429, which says that nothing was done. */
function call(string $method, string $path): array
{
    $headers = [
        'x-api-key: ' . getenv('FRONTSIM_API_KEY'),
        'Ocp-Apim-Subscription-Key: ' . getenv('FRONTSIM_SUBSCRIPTION_KEY'),
        'Content-Length: 0',
    ];
    $options = ['method' => $method, 'header' => $headers, 'timeout' => 60, 'ignore_errors' => true];
    $context = stream_context_create(['http' => $options]);
    $url = rtrim(getenv('FRONTSIM_BASE_URL'), '/') . '/api/WebhooksEvents/' . $path;
    for ($attempt = 0; $attempt < 5; $attempt++) {
        $http_response_header = [];
        $body = @file_get_contents($url, false, $context);
        $status = preg_match('~^HTTP/\S+ (\d{3})~', $http_response_header[0] ?? '', $found) ? (int) $found[1] : 0;
        if ($body === false || $status === 0) {
            throw new Lost('no answer');
        }
        if ($status === 429) {
            $asked = preg_filter('~^Retry-After:\s*~i', '', $http_response_header) ?: ['1'];
            $wait_s = (int) reset($asked);
            if ($wait_s > LONGEST_WAIT_S) {
                throw new Failed("the API asks to wait $wait_s s");
            }
            sleep($wait_s);
            continue;
        }
        if ($status >= 500) {
            throw new Lost("the API answered $status");
        }
        if ($status >= 300) {
            throw new Failed("the API answered $status");
        }
        $value = json_decode($body, true);
        if (!is_array($value)) {
            throw new Lost('the answer is not JSON');
        }
        return $value;
    }
    throw new Failed('the API still answers 429');
}

/** A GET changes nothing, so it is repeated after every failure that may pass. */
function read(string $path): array
{
    foreach ([1, 2, 4] as $pause_s) {
        try {
            return call('GET', $path);
        } catch (Lost) {
            sleep($pause_s);
        }
    }
    return call('GET', $path);
}

/** After a lost answer we check whether the resend was made before we ask again. */
function resend(string $webhook_id, array $event): void
{
    try {
        $after = call('POST', "$webhook_id/deliver/{$event['webhookEventId']}");
    } catch (Lost $error) {
        sleep(1);
        $after = read("$webhook_id/{$event['webhookEventId']}");
        if ($after['runsCounter'] === $event['runsCounter']) {
            throw $error;
        }
    }
    if ($after['success'] !== true) {
        throw new Failed('its resend failed');
    }
}

// The kernel releases this lock, however the process ends.
$lock = fopen((getenv('FRONTSIM_STATE_DIR') ?: '.') . '/reconcile.lock', 'c');
if ($lock === false) {
    exit(3);
}
if (!flock($lock, LOCK_EX | LOCK_NB)) {
    echo "another copy of the job is running\n";
    exit(0);
}
$left = 0;
// `to` lies in the future, so that no clock and no time zone matters.
$range = http_build_query(['from' => gmdate('Y-m-d', time() - 30 * 86400), 'to' => gmdate('Y-m-d', time() + 2 * 86400)]);
foreach (array_filter(explode(',', getenv('FRONTSIM_WEBHOOK_IDS'))) as $webhook_id) {
    try {
        $events = read("$webhook_id?$range&success=false");
    } catch (Failed $error) {
        $left++;
        echo "webhook $webhook_id: {$error->getMessage()}\n";
        continue;
    }
    usort($events, fn (array $a, array $b): int => $a['createdDateTime'] <=> $b['createdDateTime']);
    foreach ($events as $event) {
        try {
            resend($webhook_id, $event);
        } catch (Failed $error) {
            $left++;
            echo "event {$event['webhookEventId']}: {$error->getMessage()}\n";
        }
    }
}
exit($left > 0 ? 1 : 0);
