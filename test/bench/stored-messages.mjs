/** Fills a store with messages from and to a few numbers each, with a few tags, as one sender's traffic looks. */

/** Messages of a caller who sends little beside one who sends much. */
const FEW = 100;
/** Writes under way at one time, which share their commits. */
const AT_ONCE = 1_000;

function messageOf(index) {
  return {
    from: `+1234567${index % 10}`,
    to: [`+1345678${index % 100}`],
    text: `Message number ${index}, of about the usual length of a message.`,
    applicationId: 'app-1',
    media: [],
    tag: `tag-${index % 20}`,
    priority: null,
    expiresAt: null,
  };
}

async function put(store, index) {
  const sendId = `send${String(index).padStart(10, '0')}`;
  const asked = messageOf(index);
  await store.claim({
    sendId,
    // The oldest are somebody else's, as many of them whatever the size.
    caller: index < FEW ? 'few' : 'many',
    idempotencyKey: null,
    fingerprint: 'f',
    requestId: 'r',
    message: asked,
    startedAtMs: index,
    leaseUntilMs: index,
  });
  const message = {
    ...asked,
    id: `id-${index}`,
    time: index,
    owner: asked.from,
    direction: 'OUT',
    segmentCount: 1,
    pairedMessageId: null,
    status: 'ACCEPTED',
    deliveries: [],
  };
  await store.record(sendId, { status: 'ACCEPTED', message }, index);
}

/** Stores `count` messages: the one of number n has the id `id-n` and the time n, in microseconds since 1970. */
export async function fill(store, count) {
  for (let index = 0; index < count; index += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - index);
    await Promise.all(Array.from({ length }, (_, offset) => put(store, index + offset)));
  }
}
