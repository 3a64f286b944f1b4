#!/bin/sh
# The list -> resend job with curl, jq and flock: serial, without state, a window of thirty days.
#
#   lock -> for each webhook: list success=false -> resend each once -> exit code 1 if anything is left
#
# Reads FRONTSIM_BASE_URL, FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY, FRONTSIM_WEBHOOK_IDS and FRONTSIM_STATE_DIR.
set -u
folder=$(mktemp -d) || exit 3
trap 'rm -rf "$folder"' EXIT

# The kernel releases this lock, however the process ends; a lock file that must be deleted would stay behind.
exec 9>"${FRONTSIM_STATE_DIR:-.}/reconcile.lock" || exit 3
flock -n 9 || { echo "another copy of the job is running"; exit 0; }

left=0
from=$(date -u -d '30 days ago' +%Y-%m-%d)
to=$(date -u -d '2 days' +%Y-%m-%d) # in the future, so that no clock and no time zone matters

# call METHOD PATH: sets $code (000 for no answer) and $retry_after; the body is in $folder/body.
call() {
    [ "$1" = POST ] && data=yes || data=
    code=$(printf 'header = "%s"\n' "x-api-key: $FRONTSIM_API_KEY" \
        "Ocp-Apim-Subscription-Key: $FRONTSIM_SUBSCRIPTION_KEY" |
        curl --config - --silent --max-time 60 --request "$1" ${data:+--data ''} --dump-header "$folder/head" \
            --output "$folder/body" --write-out '%{http_code}' "$FRONTSIM_BASE_URL/api$2") || code=000
    retry_after=$(tr -d '\r' <"$folder/head" | sed -n 's/^retry-after: *\([0-9]*\)$/\1/Ip')
}

# read_json PATH: a GET changes nothing, so it is repeated after every failure that may pass.
read_json() {
    for pause in 1 2 4 0; do
        call GET "$1"
        case $code in
            2??) jq -e . "$folder/body" >/dev/null 2>&1 && return 0 ;;
            4?[0-8]) return 1 ;;
        esac
        [ "${retry_after:-0}" -gt 60 ] && return 1
        sleep $((pause > ${retry_after:-0} ? pause : ${retry_after:-0}))
    done
    return 1
}

# resend WEBHOOK EVENT RUNS: 0 when it has arrived.
resend() {
    for _ in 1 2 3 4 5; do
        call POST "/WebhooksEvents/$1/deliver/$2"
        case $code in
            2??) jq -e '.success == true' "$folder/body" >/dev/null 2>&1; return ;;
            429) [ "${retry_after:-1}" -le 60 ] || return 1; sleep "${retry_after:-1}" ;;
            4??) return 1 ;;
            *) # The answer was lost, and the resend may have been made: look, never ask again at once.
                sleep 1
                read_json "/WebhooksEvents/$1/$2" || return 1
                jq -e --arg runs "$3" '.success == true and (.runsCounter | tostring) != $runs' "$folder/body" >/dev/null
                return ;;
        esac
    done
    return 1
}

for webhook in $(echo "$FRONTSIM_WEBHOOK_IDS" | tr , ' '); do
    if ! read_json "/WebhooksEvents/$webhook?from=$from&to=$to&success=false"; then
        echo "webhook $webhook: the list could not be read ($code)"
        left=$((left + 1))
        continue
    fi
    jq -r 'sort_by(.createdDateTime)[] | "\(.webhookEventId) \(.runsCounter)"' \
        "$folder/body" >"$folder/failed"
    while read -r event runs; do
        resend "$webhook" "$event" "$runs" && continue
        echo "event $event: still failing ($code)"
        left=$((left + 1))
    done <"$folder/failed"
done
[ "$left" -eq 0 ]
