/** Messages, what is unresolved, health, and the telephones: with a server on its own sandbox, in Chromium. */
import { createHash } from 'node:crypto';
import type { Browser, BrowserContext, Page, Request, WebSocketRoute } from 'playwright-core';
import { request } from 'undici';
import { startTestApp, type TestApp } from '../support/app.js';
import { findChromium, openBrowser, UNTRUSTED_HOST } from '../support/browser.js';
import { hindrancesOn, WIDE } from '../support/hindrances.js';
import { until } from '../support/waiting.js';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const OPERATOR = 'operator-key';
/** Sends, and reads what it sent. */
const SHOP = 'shop-key';
const KEYS = [
  `operator:${hash(OPERATOR)}:messages:send+messages:read+messages:read-all+operations:read+operations:write`,
  `shop:${hash(SHOP)}:messages:send+messages:read`,
];
const OURS = '+12345678901';
const HERS = '+12345678902';
const HIS = '+12345678903';
/** The sandbox fails messages to it with code 4720. */
const WRONG_NUMBER = '+19195554720';

const chromium = findChromium("the console's pages in a browser");

interface Sent {
  readonly id?: string;
  readonly code?: string;
  readonly requestId?: string;
  readonly fieldErrors?: readonly { readonly code: string }[];
}

interface OnPhone {
  readonly id: string;
  readonly text: string;
}

(chromium === null ? describe.skip : describe)("the console's pages", () => {
  let app: TestApp;
  let origin: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];
  const foreign: string[] = [];

  const newPage = async (path: string, key: string, within = context, statuses = ['401']): Promise<Page> => {
    const opened = await within.newPage();
    opened.setDefaultTimeout(10_000);
    const address = new URL(path, origin);
    opened.on('console', (message) => {
      // Of headers that count by HTTPS alone, browsers complain elsewhere.
      if (!/untrustworthy|origin-keyed/.test(message.text()) && ['error', 'warning'].includes(message.type()))
        complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(String(error)));
    opened.on('request', (asked) => {
      const url = new URL(asked.url());
      if (url.origin !== address.origin && !['blob:', 'data:'].includes(url.protocol)) foreign.push(url.origin);
    });
    await opened.goto(address.href);
    await opened.getByLabel('API key or token').fill(key);
    await opened.getByRole('button', { name: 'Sign in' }).click();
    await opened.getByLabel('API key or token').waitFor({ state: 'detached' });
    await opened.locator('main:not(.alone), .empty').first().waitFor();
    // What was asked without the key, or with one that may not.
    expect(complaints.splice(0)).toEqual(statuses.map((status) => expect.stringContaining(status) as unknown));
    return opened;
  };

  beforeAll(async () => {
    app = await startTestApp({ API_KEYS: KEYS.join(), SEND_TIMEOUT_MS: '2000', LIMIT_SENDS: 'off' });
    ({ origin } = new URL(app.url));
    browser = await openBrowser(chromium ?? '');
    context = await browser.newContext({ viewport: WIDE });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    page = await newPage('/#/messages', OPERATOR);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await app.close();
  });

  afterEach(() => {
    expect([complaints, foreign]).toEqual([[], []]);
  });

  const ask = async (
    path: string,
    method: 'POST' | 'PUT' | 'GET' | 'DELETE',
    body?: unknown,
    key = OPERATOR,
  ): Promise<unknown> => {
    const answer = await request(`${origin}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return answer.statusCode === 204 ? null : answer.body.json();
  };
  const send = async (to: string, text: string, more: object = {}, key = OPERATOR): Promise<Sent> => {
    const query = `mutation ($input: MessageInput!) { submitMessage(input: $input) {
      ... on Message { id } ... on MessageProblem { code requestId } ... on InvalidMessageProblem { fieldErrors { code } }
    } }`;
    const input = { from: OURS, to: [to], text, applicationId: 'app-1', ...more };
    const answer = await ask('/graphql', 'POST', { query, variables: { input } }, key);
    return (answer as { data: { submitMessage: Sent } }).data.submitMessage;
  };
  const behave = (number: string, behavior: object): Promise<unknown> =>
    ask(`/sandbox/phones/${number}/behavior`, 'PUT', behavior);
  const onPhone = async (number: string, text: string): Promise<OnPhone | undefined> => {
    const found = await ask(`/sandbox/phones/${number}/messages?contains=${encodeURIComponent(text)}&wait=5s`, 'GET');
    return (found as { messages: OnPhone[] }).messages[0];
  };
  const see = (words: string | RegExp, on = page): Promise<void> => on.getByText(words).first().waitFor();
  const go = (place: string, on = page): Promise<void> =>
    on.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: place }).click();
  const press = (name: string | RegExp, on = page): Promise<void> => on.getByRole('button', { name }).click();
  const find = async (id: string): Promise<void> => {
    await go('Messages');
    await page.getByRole('searchbox').fill(id);
    await press('Find');
  };
  /** The WebSockets of a page from its next load on, to be cut. */
  const breakable = async (on: Page) => {
    const connections = new Set<WebSocketRoute>();
    const heard: string[] = [];
    let isAway = false;
    const end = (connection: WebSocketRoute): Promise<void> => connection.close({ code: 4000 });
    await on.routeWebSocket(/graphql$/, (connection) => {
      if (isAway) return end(connection);
      connections.add(connection);
      connection.connectToServer().onMessage((message) => {
        connection.send(message);
        heard.push(String(message));
      });
      return undefined;
    });
    return {
      hasHeard: (words: string) => heard.some((message) => message.includes(words)),
      cut: async () => {
        isAway = true;
        await Promise.all([...connections].map(end));
      },
      mend: () => {
        isAway = false;
      },
    };
  };
  const entries = (on = page): Promise<string[]> => on.locator('[data-entry]').allInnerTexts();
  const entryWith = (text: string) => page.locator('[data-entry]').filter({ hasText: text });

  it('filters messages by what stands in the address, also after a reload, and keeps the list up', async () => {
    await see('There are no messages yet.');
    await send(HERS, 'It is ready.');
    await send(WRONG_NUMBER, 'Is this the number?');
    await entryWith('It is ready.').filter({ hasText: 'Delivered' }).waitFor();
    await page.getByLabel('State').selectOption('Not delivered');
    await entryWith('Is this the number?').waitFor();
    await entryWith('It is ready.').waitFor({ state: 'detached' });
    expect(page.url()).toContain('#/messages?status=FAILED');

    await page.reload();
    await entryWith('Is this the number?').waitFor();
    await send(HERS, 'It passes no filter.');
    await send(WRONG_NUMBER, 'And this?');
    await entryWith('And this?').waitFor();
    expect(await entries()).toHaveLength(2);

    await page.getByLabel('From or to').fill('+1 234 567 8902');
    await page.keyboard.press('Enter');
    await see('No message passes these filters.');
    expect(page.url()).toContain(`number=${encodeURIComponent(HERS)}`);
    await page.getByLabel('State').selectOption('Any');
    await entryWith('It passes no filter.').waitFor();
    await page.getByLabel('From or to').fill('12');
    await page.keyboard.press('Enter');
    await see('One of these numbers is none.');
    await page.getByRole('link', { name: 'Clear' }).click();
    await entryWith('And this?').waitFor();
  });

  it('finds a message by each of its ids, and shows its life from the claim to the handset', async () => {
    const { id = '' } = await send(WRONG_NUMBER, 'Find me', { idempotencyKey: 'order-17' });
    await find(id);
    await see('Find me');
    await see('Not delivered');
    await see(/Look whether the number is right/);
    const moments = page.getByRole('region', { name: 'What happened' }).getByRole('listitem');
    await moments.nth(2).waitFor();
    expect(await moments.locator('strong').allInnerTexts()).toEqual([
      'Asked for',
      'Accepted by Bandwidth',
      'Not delivered',
    ]);
    const detail = async (name: string): Promise<string> =>
      page.getByRole('region', { name: 'Details' }).locator('div', { hasText: name }).locator('code').innerText();
    const ids = [await detail('Send'), await detail('Request'), 'order-17', hash('order-17')];
    for (const other of ids) {
      await find('no such id');
      await see('Nothing is known by this id.');
      await find(other);
      await see('Find me');
    }
    await page.getByRole('button', { name: id }).click();
    await see('Copied');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(id);
  });

  it('does not say that nothing is known where the server could not look', async () => {
    const nothing = { data: { message: null, send: null, sendOfKey: null }, errors: [{ message: 'It is away.' }] };
    const isLookup = (asked: Request): boolean => asked.postData()?.includes('query Life') === true;
    await page.route(/graphql$/, (route) =>
      isLookup(route.request()) ? route.fulfill({ json: nothing }) : route.continue(),
    );
    await find('order-17');
    await see('It is away.');
    await page.unroute(/graphql$/);
    await press('Try again');
    await see('Find me');
  });

  it('shows an unknown send with why, and settles it as not sent only for who is sure', async () => {
    await behave(HIS, { answer: 'cut-off', callbacks: 'none' });
    expect(await send(HIS, 'Lost', { idempotencyKey: 'order-18' })).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await find('order-18');
    await see('Perhaps sent.');
    await see(/To repeat the call with its idempotency key is safe/);
    await page.getByRole('link', { name: 'Settle it' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('it was not sent').check();
    await see(/Its idempotency key may then send again/);
    await dialog.getByLabel('How do you know?').fill('It is not in the dashboard.');
    await dialog.getByRole('button', { name: 'Settle as not sent' }).click();
    // The browser asks for the tick.
    expect(await dialog.locator(':invalid').count()).toBeGreaterThan(0);
    await dialog.getByLabel('I am sure').check();
    await dialog.getByRole('button', { name: 'Settle as not sent' }).click();
    await see('It is settled');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await see('Nothing is unresolved.');

    await find('order-18');
    await see('Settled: it was not sent');
    await see('It is not in the dashboard.');
  });

  it('follows the send that holds a key now, where it was settled as not sent and asked for again in a break', async () => {
    const away = await browser.newContext({ viewport: WIDE });
    const own = await newPage('/#/compose', OPERATOR, away);
    const network = await breakable(own);
    await own.getByLabel('From', { exact: true }).fill(OURS);
    await own.getByLabel('Application id').fill('app-1');
    await own.getByLabel('Message', { exact: true }).fill('Lost twice');
    await own.getByLabel('To', { exact: true }).fill(HIS);
    await press('Send', own);
    await see('Perhaps sent', own);
    const key = await own.evaluate<string>(
      `JSON.parse(sessionStorage.getItem('outbox of operator'))[0].input.idempotencyKey`,
    );
    const look = async (): Promise<{ readonly id: string; readonly status: string }> => {
      const query = `query ($key: ID!) { send(idempotencyKey: $key) { id status } }`;
      const answer = await ask('/graphql', 'POST', { query, variables: { key } });
      return (answer as { data: { send: { id: string; status: string } } }).data.send;
    };
    const settle = (id: string, as: 'SENT' | 'NOT_SENT'): Promise<unknown> => {
      const query = `mutation ($id: ID!, $as: SettledAs!) { settleSend(sendId: $id, as: $as, reason: "Seen") { id } }`;
      return ask('/graphql', 'POST', { query, variables: { id, as } });
    };
    const first = await look();
    await network.cut();
    await own.reload();
    await see('Perhaps sent', own);
    await settle(first.id, 'NOT_SENT');
    await press('Ask again', own);
    await until(async () => (await look()).id !== first.id);
    await see('Perhaps sent', own);
    network.mend();
    await until(() => network.hasHeard('sendUpdated'));
    await settle((await look()).id, 'SENT');
    // What was sent is among the messages.
    await own.getByRole('heading', { name: 'Messages' }).waitFor();
    await away.close();
  });

  it('settles a send as sent with the id of its message, and says beside the field what is wrong with one', async () => {
    await send(HIS, 'Lost as well');
    const { id = '' } = (await onPhone(HIS, 'Lost as well')) ?? {};
    await go('Unresolved');
    await see('Perhaps sent');
    await see(/HTTP 202/);
    await page.getByRole('link', { name: 'Settle …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('it was sent', { exact: true }).check();
    await dialog.getByLabel('Its id at Bandwidth').fill('not an id');
    await dialog.getByLabel('How do you know?').fill('It is in the dashboard.');
    await press('Settle as sent');
    await see('This is no id of a message at Bandwidth.');
    await dialog.getByLabel('Its id at Bandwidth').fill(id);
    await press('Settle as sent');
    await see('It is settled');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await see('Nothing is unresolved.');
    await find(id);
    await see('Settled: it was sent');
  });

  it('shows how the server is, and the last hour as pictures that can be read as well', async () => {
    await go('Health');
    await see('Ready');
    const plot = page.getByRole('img', { name: 'Sends by outcome' });
    await plot.waitFor();
    expect(await plot.locator('desc').textContent()).toMatch(/Accepted \d+, .*Perhaps sent [1-9]\d*, Not sent 0\./);
    const table = page.getByRole('figure').filter({ has: plot });
    await table.getByText('As a table').click();
    expect(await table.getByRole('columnheader').allInnerTexts()).toEqual([
      'Minute',
      'Accepted',
      'Accepted, id unknown',
      'Perhaps sent',
      'Not sent',
    ]);
    await page.getByRole('img', { name: 'How long Bandwidth takes' }).waitFor();
    // It is kept up while it is looked at.
    await send(HIS, 'Lost again');
    await see('the oldest');
  });

  it('shows a caller what is its own, and no more', async () => {
    const shop = await browser.newContext({ viewport: WIDE });
    const own = await newPage('/#/messages', SHOP, shop);
    await see('There are no messages yet.', own);
    expect(await own.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts()).not.toContain(
      'Unresolved',
    );
    await own.getByRole('searchbox').fill('order-17');
    await press('Find', own);
    await see('Nothing is known by this id.', own);
    const phones = await newPage('/phone', SHOP, shop, ['401', '403']);
    await see('This key does not show the telephones.', phones);
    await shop.close();
  });

  it('misses no change for whoever has no number, though the connection breaks before the first one', async () => {
    const shop = await browser.newContext({ viewport: WIDE });
    const own = await newPage('/#/messages', SHOP, shop);
    await see('There are no messages yet.', own);
    const network = await breakable(own);
    await own.reload();
    await see('There are no messages yet.', own);
    await until(() => network.hasHeard('connection_ack'));
    await network.cut();
    await see('The connection is lost.', own);
    await send(HERS, 'During the break', {}, SHOP);
    network.mend();
    await own.getByText('During the break').waitFor();
    await shop.close();
  });

  it('sends over plain HTTP as well, where browsers hold things back', async () => {
    const plain = await browser.newContext({ viewport: WIDE });
    const { port } = new URL(origin);
    const own = await newPage(`http://${UNTRUSTED_HOST}:${port}/#/compose`, SHOP, plain);
    await own.getByLabel('From', { exact: true }).fill(OURS);
    await own.getByLabel('To', { exact: true }).fill(HERS);
    await own.getByLabel('Application id').fill('app-1');
    await own.getByLabel('Message', { exact: true }).fill('In plain sight');
    await press('Send', own);
    await own.locator('[data-entry]', { hasText: 'In plain sight' }).waitFor();
    await plain.close();
  });

  describe('the telephone', () => {
    const SHE = '+12345678904';
    let phone: Page;

    beforeAll(async () => {
      await send(SHE, '493817 is your code for example.com');
      phone = await newPage(`/phone#/${encodeURIComponent(SHE)}`, OPERATOR);
    });

    afterAll(() => phone.close());

    const speech = (text: string) => phone.locator('.speech').filter({ hasText: text });
    const choose = (label: string, words: string): Promise<unknown> =>
      phone.getByLabel(label, { exact: true }).selectOption({ label: words });

    it('shows what was sent to it, and copies a one-time code', async () => {
      await speech('493817 is your code').waitFor();
      await press(/Copy the code 493817/, phone);
      await see('Copied', phone);
      expect(await phone.evaluate('navigator.clipboard.readText()')).toBe('493817');
    });

    it('answers, and the answer comes in at the console', async () => {
      await page.bringToFront();
      await go('Messages');
      await phone.bringToFront();
      await phone.getByRole('textbox', { name: 'Answer' }).fill('Thank you!');
      await phone.keyboard.press('Enter');
      await speech('Thank you!').waitFor();
      await page.bringToFront();
      await entryWith('Thank you!').filter({ hasText: 'Received' }).click();
      await page.getByRole('link', { name: 'Show its conversation' }).click();
      await page.locator('main').getByText('Thank you!').first().waitFor();
      await phone.bringToFront();
    });

    it('fails the next message with the chosen code, says so, and is as usual after it', async () => {
      await phone.getByLabel('Not delivered').check();
      await choose('Because', '4770 destination-spam-detected');
      await see(/took it for spam/, phone);
      await phone.getByLabel('Only for the next message').check();
      await see('The next message: not delivered, code 4770.', phone);
      await send(SHE, 'Win a prize!');
      await speech('Win a prize!').filter({ hasText: 'Did not arrive.' }).filter({ hasText: '4770' }).waitFor();
      await see('Messages are accepted and delivered.', phone);
      await send(SHE, 'Your parcel is here.');
      await speech('Your parcel is here.').waitFor();
      expect(await speech('Your parcel is here.').innerText()).not.toContain('Did not arrive');
    });

    it('cuts an answer off, which makes a send unknown', async () => {
      await choose('The send is', 'Accepted, and the answer is cut off');
      await choose('It is reported', 'Nothing is ever reported');
      await see(/Until you change it/, phone);
      expect(await send(SHE, 'Did you get this?')).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await press('As usual', phone);
      await see('Messages are accepted and delivered.', phone);
    });

    it('stops messages by STOP, and wants them again by START', async () => {
      await press('STOP', phone);
      await speech('STOP').waitFor();
      expect(await send(SHE, 'Unwanted')).toMatchObject({ fieldErrors: [{ code: 'RECIPIENT_OPTED_OUT' }] });
      await press('START', phone);
      await speech('START').waitFor();
      await send(SHE, 'Wanted again');
      await speech('Wanted again').waitFor();
    });

    it('keeps what is being written while the server is busy', async () => {
      const answer = phone.getByRole('textbox', { name: 'Answer' });
      await answer.fill('I am about to');
      const busy = { errors: [{ message: 'The server is busy.' }] };
      await phone.route(/phones\?after=/, (route) => route.fulfill({ status: 503, json: busy }), { times: 1 });
      await send(SHE, 'This one makes it ask again.');
      await see(/The server is busy.*Trying again/, phone);
      await send(SHE, 'It is back.');
      await speech('It is back.').waitFor();
      expect(await answer.inputValue()).toBe('I am about to');
      expect(complaints.splice(0)).toEqual([expect.stringContaining('503')]);
    });

    it('is cleared', async () => {
      await press('Clear this telephone …', phone);
      await press('Clear it', phone);
      await see('Choose a telephone.', phone);
      await phone.getByRole('link', { name: '+1 234 567 8904' }).waitFor({ state: 'detached' });
    });

    it('hinders nobody', async () => {
      const found = await hindrancesOn(phone, 'phone-list');
      await phone.getByRole('link', { name: '+1 919 555 4720' }).click();
      await speech('Did not arrive.').first().waitFor();
      found.push(...(await hindrancesOn(phone, 'phone')));
      expect(found).toEqual([]);
    }, 60_000);
  });

  it('hinders nobody: by axe, in light and dark, wide and 360 pixels narrow', async () => {
    await page.bringToFront();
    await page.goto(`${origin}/#/messages?since=2026-01-01`);
    await entryWith('Find me').waitFor();
    const found = await hindrancesOn(page, 'messages');
    await entryWith('Find me').click();
    await see('What happened');
    found.push(...(await hindrancesOn(page, 'message')));
    await go('Unresolved');
    await see('Perhaps sent');
    found.push(...(await hindrancesOn(page, 'unresolved')));
    await page.getByRole('link', { name: 'Settle …' }).first().click();
    await page.getByLabel('it was not sent').check();
    found.push(...(await hindrancesOn(page, 'settle')));
    await page.keyboard.press('Escape');
    await go('Health');
    await see('Ready');
    found.push(...(await hindrancesOn(page, 'health')));
    expect(found).toEqual([]);
  }, 120_000);
});
