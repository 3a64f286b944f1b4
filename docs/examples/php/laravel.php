<?php
// The right receiver in Laravel: routes/api.php. A duplicate breaks the unique key, and that is a success.

use Illuminate\Database\UniqueConstraintViolationException;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Route;

Route::post('/hook', function (Request $request) {
    $eventId = $request->header('X-Webhook-Event-Id');
    $type = $request->header('X-Webhook-Event');
    abort_unless($request->isJson(), 415);
    abort_unless($eventId && $type && is_array(json_decode($request->getContent(), true)), 400);
    try {
        DB::transaction(function () use ($request, $eventId, $type) { // commits at its end, rolls back on an exception
            DB::table('events')->insert(['event_id' => $eventId, 'type' => $type]);
            if ($type === 'SaleCreated') {
                DB::table('sales')->insert([
                    'event_id' => $eventId,
                    'sale_id' => $request->json('saleId'),
                    'store_id' => $request->json('storeId'),
                    'total' => $request->json('total'),
                ]);
            }
        });
    } catch (UniqueConstraintViolationException) {
        // noted and booked before: nothing to do
    }
    return response()->noContent(); // after the COMMIT, never before; any other exception is answered 500
});
