// The list -> resend job for Node 18 or newer, without dependencies: four resends at a time, a window of thirty days.
//
//   for each webhook: list success=false -> resend each once, four at a time -> exit code 1 if anything is left
//
// Reads FRONTSIM_BASE_URL, FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY and FRONTSIM_WEBHOOK_IDS. Node has no lock that
// the kernel releases, so let flock start it, from cron too:
//
//   flock --nonblock --conflict-exit-code 0 /var/tmp/reconcile.lock node reconcile.mjs

const { FRONTSIM_BASE_URL, FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY, FRONTSIM_WEBHOOK_IDS } = process.env;
const api = `${FRONTSIM_BASE_URL.replace(/\/$/, "")}/api/WebhooksEvents`;
const headers = { "x-api-key": FRONTSIM_API_KEY, "Ocp-Apim-Subscription-Key": FRONTSIM_SUBSCRIPTION_KEY };
const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
const range = `from=${day(-30)}&to=${day(2)}`; // `to` lies in the future, so that no clock and no time zone matters
const longestWaitS = 60;
const concurrency = 4;

const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

class Failed extends Error {} // no good answer came, and none will come soon
class Lost extends Failed {} // the call may have been done: no answer came, or a 5xx

// After a 429 all calls wait, not only the one that got it.
let resting = Promise.resolve();

async function call(method, path) {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await resting;
    let answer, text;
    try {
      answer = await fetch(`${api}/${path}`, { method, headers, signal: AbortSignal.timeout(60_000) });
      text = await answer.text();
    } catch (error) {
      throw new Lost(`no answer (${error.cause?.code ?? error.name})`);
    }
    if (answer.status === 429) {
      const waitS = Number(answer.headers.get("retry-after") ?? 1);
      if (waitS > longestWaitS) throw new Failed(`the API asks to wait ${waitS} s`);
      resting = sleep(waitS);
      continue;
    }
    if (answer.status >= 500) throw new Lost(`the API answered ${answer.status}`);
    if (!answer.ok) throw new Failed(`the API answered ${answer.status}`);
    try {
      return JSON.parse(text);
    } catch {
      throw new Lost("the answer is not JSON");
    }
  }
  throw new Failed("the API still answers 429");
}

// A GET changes nothing, so it is repeated after every failure that may pass.
async function read(path) {
  for (const pauseS of [1, 2, 4]) {
    try {
      return await call("GET", path);
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      await sleep(pauseS);
    }
  }
  return call("GET", path);
}

// After a lost answer we check whether the resend was made before we ask again.
async function resend(webhookId, event) {
  let after;
  try {
    after = await call("POST", `${webhookId}/deliver/${event.webhookEventId}`);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    await sleep(1);
    after = await read(`${webhookId}/${event.webhookEventId}`);
    if (after.runsCounter === event.runsCounter) throw error;
  }
  if (after.success !== true) throw new Failed("its resend failed");
}

let left = 0;
function note(text) {
  left += 1;
  console.log(text);
}

for (const webhookId of FRONTSIM_WEBHOOK_IDS.split(",").filter(Boolean)) {
  let failed;
  try {
    failed = await read(`${webhookId}?${range}&success=false`);
  } catch (error) {
    note(`webhook ${webhookId}: ${error.message}`);
    continue;
  }
  failed.sort((a, b) => (a.createdDateTime < b.createdDateTime ? -1 : 1));
  const waiting = failed.values();
  const worker = async () => {
    for (const event of waiting) {
      await resend(webhookId, event).catch((error) => note(`event ${event.webhookEventId}: ${error.message}`));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
process.exitCode = left ? 1 : 0;
