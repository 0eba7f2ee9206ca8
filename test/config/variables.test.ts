/** The names of variables, the files of secrets, and what must be asked for. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, readConfig, storeConfigIn, type Config, type Environment } from '../../src/config/config.js';
import { VARIABLES } from '../../src/config/variables.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const SHA256 = 'a'.repeat(64);
const LIVE = {
  CATAPULT_URL: 'https://messaging.bandwidth.com/api/v2',
  CATAPULT_USER_ID: '9900000',
  CATAPULT_CLIENT_ID: 'c-1',
  CATAPULT_CLIENT_SECRET: 'cs-1',
  AUTH: 'none',
};

function problemsOf(environment: Environment): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the table of variables', () => {
  it('says of a default what the server does without it', () => {
    const unset = readConfig({});
    for (const { name, default: value } of VARIABLES) {
      if (value === undefined || name === 'DATABASE_URL') continue;
      expect([name, readConfig({ [name]: value })]).toEqual([name, unset]);
    }
  });
});

describe('a name that is nearly one of ours', () => {
  it.each([
    ['DATABASE_URLS', 'DATABASE_URL'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['METRIC_PORT', 'METRICS_PORT'],
    ['METRICS_HOSTS', 'METRICS_HOST'],
    ['LOG_LEVELS', 'LOG_LEVEL'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['WORKER', 'WORKERS'],
    ['SENDER', 'SENDERS'],
    ['PUBLIC_URLS', 'PUBLIC_URL'],
    ['API_KEYSS', 'API_KEYS'],
    ['MEDIA_DIRS', 'MEDIA_DIR'],
    ['SEND_TIMEOUT', 'SEND_TIMEOUT_MS'],
    ['INTROSPECTIONS', 'INTROSPECTION'],
    ['DATABASE_URL_FILES', 'DATABASE_URL_FILE'],
    ['METRICS_PORT_FILE', 'METRICS_PORT'],
  ])('is refused with that one: %s', (name, nearest) => {
    expect(problemsOf({ [name]: 'value' })).toEqual([`${name} is not known: did you mean ${nearest}?`]);
  });

  it.each([
    ...[
      'PATH',
      'HOME',
      'HOSTNAME',
      'HOSTTYPE',
      'USER',
      'PORTS',
      'LOGNAME',
      'LOG_FILE',
      'LOG_FORMAT',
      'NODE_ENV',
      'NODE_OPTIONS',
    ],
    ...[
      'npm_config_user_agent',
      'API_KEY',
      'API_URL',
      'DATABASE_HOST',
      'DATABASE_PORT',
      'DATABASE_NAME',
      'DATABASE_USER',
    ],
    ...[
      'DATABASE',
      'FTP_PROXY',
      'ALL_PROXY',
      'http_proxy',
      'HTTP_PORT',
      'HTTPS_PORT',
      'MEDIA_ROOT',
      'MEDIA_URL',
      'PUBLIC_DIR',
    ],
    ...[
      'SENDGRID_API_KEY',
      'SEND_GRID',
      'CONTENT',
      'AUTHOR',
      'AUTH_TOKEN',
      'WORKSPACE',
      'WORKER_ID',
      'WEB_CONCURRENCY',
    ],
    ...[
      'KUBERNETES_PORT',
      'KUBERNETES_SERVICE_HOST',
      'INVOCATION_ID',
      'JOURNAL_STREAM',
      'XDG_RUNTIME_DIR',
      'OTEL_SERVICE_NAME',
    ],
    ...['METRICS_PATH', 'METRICS', 'INTERACTION', 'POSTGRES_PASSWORD', 'GRAFANA_PASSWORD', 'SHLVL', 'PWD'],
  ])('of others is left alone: %s', (name) => {
    expect(problemsOf({ [name]: '127.0.0.1' })).toEqual([]);
  });

  it('and is a link of Docker is left alone', () => {
    expect(problemsOf({ METRIC_PORT: 'tcp://172.17.0.2:9464' })).toEqual([]);
  });
});

describe('a name that begins like one of ours', () => {
  it.each([
    ['CATAPULT_USERID', 'CATAPULT_USER_ID'],
    ['CATAPULT_CLIENT_SECRETS', 'CATAPULT_CLIENT_SECRET'],
    ['CALLBACK_PASSWORT', 'CALLBACK_PASSWORD'],
    ['LIMIT_SEND', 'LIMIT_SENDS'],
    ['ALLOWED_SENDER', 'ALLOWED_SENDERS'],
    ['JWT_ISSUERS', 'JWT_ISSUER'],
    ['SANDBOX_AUTHS', 'SANDBOX_AUTH'],
    ['TRUSTED_PROXY', 'TRUSTED_PROXIES'],
    ['HTTP_MEDIAS', 'HTTP_MEDIA'],
    ['API_KEYS_FILES', 'API_KEYS_FILE'],
    ['CATAPULT_URL_FILE', 'CATAPULT_URL'],
  ])('and is none is refused with the nearest: %s', (name, nearest) => {
    expect(problemsOf({ [name]: 'value' })).toEqual([`${name} is not known: did you mean ${nearest}?`]);
  });

  it('and is like none of ours is refused without a guess, and its value is not repeated', () => {
    expect(problemsOf({ CATAPULT_SOMETHING_ALTOGETHER_DIFFERENT: 'SECRET' })).toEqual([
      'CATAPULT_SOMETHING_ALTOGETHER_DIFFERENT is not known: unset it.',
    ]);
  });

  it('and is empty counts as unset', () => {
    expect(problemsOf({ CATAPULT_USERID: ' ' })).toEqual([]);
  });

  it('and comes from Kubernetes is left alone', () => {
    const links = {
      CATAPULT_GRAPHQL_SERVICE_HOST: '10.0.0.1',
      CATAPULT_GRAPHQL_SERVICE_PORT: '4000',
      CATAPULT_GRAPHQL_SERVICE_PORT_HTTP: '4000',
      CATAPULT_GRAPHQL_PORT: 'tcp://10.0.0.1:4000',
      CATAPULT_GRAPHQL_PORT_4000_TCP: 'tcp://10.0.0.1:4000',
      CATAPULT_GRAPHQL_PORT_4000_TCP_ADDR: '10.0.0.1',
    };
    expect(problemsOf(links)).toEqual([]);
    expect(problemsOf({ ...links, CATAPULT_GRAPHQL_TOKEN: 'x' })).toHaveLength(1);
  });
});

describe('the sandbox', () => {
  const asked = 'SANDBOX=on if messages are to reach nobody';

  it('starts by itself on loopback alone', () => {
    expect(readConfig({}).upstream.kind).toBe('sandbox');
    expect(problemsOf({ HOST: '0.0.0.0', AUTH: 'none' })).toEqual([expect.stringContaining(asked) as string]);
    expect(readConfig({ HOST: '0.0.0.0', AUTH: 'none', SANDBOX: 'on' }).upstream.kind).toBe('sandbox');
  });

  it('is not taken for what is configured, nor the other way round', () => {
    expect(problemsOf({ ...LIVE, SANDBOX: 'on' })).toEqual([
      expect.stringContaining('SANDBOX=on contradicts') as string,
    ]);
    expect(problemsOf({ ...LIVE, SANDBOX: 'off' })).toEqual([]);
    expect(problemsOf({ SANDBOX: 'off' })).toEqual([expect.stringContaining('SANDBOX=off leaves nowhere') as string]);
    expect(problemsOf({ SANDBOX: 'yes' })).toEqual(['SANDBOX must be one of on, off.']);
  });
});

describe('DATABASE_URL', () => {
  it.each([
    ['sqlite:data/other.sqlite', 'data/other.sqlite'],
    ['sqlite:/var/lib/catapult/messages.sqlite', '/var/lib/catapult/messages.sqlite'],
    ['sqlite:a%20b c.sqlite', 'a%20b c.sqlite'],
  ])('names an SQLite file: %s', (url, databaseFile) => {
    expect(readConfig({ DATABASE_URL: url })).toMatchObject({ databaseUrl: null, databaseFile });
    expect(storeConfigIn({ DATABASE_URL: url })).toEqual({ databaseUrl: null, databaseFile, keepsConsent: true });
  });

  it.each([
    'sqlite:',
    'sqlite: ',
    'sqlite://data/a',
    'sqlite:///data/a',
    'sqlite::memory:',
    'sqlite:file:a?mode=memory',
    'sqlite:~/a',
    'sqlite:data/',
    'sqlite',
    'file:a',
  ])('is refused as %j', (url) => {
    expect(problemsOf({ DATABASE_URL: url })).toEqual([
      expect.stringMatching(/^DATABASE_URL must be .*sqlite:/) as string,
    ]);
  });
});

describe('a secret in a file', () => {
  const folder = makeFolder();
  afterAll(() => {
    removeFolder(folder);
  });
  function file(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }
  const secretOf = ({ upstream }: Config): string =>
    upstream.kind === 'catapult' && upstream.credentials.kind === 'oauth' ? upstream.credentials.clientSecret : '';
  const WITHOUT = { ...LIVE, CATAPULT_CLIENT_SECRET: '' };

  it('is read without the end of its line', () => {
    const path = file('secret', 'cs-2\n');
    expect(secretOf(readConfig({ ...WITHOUT, CATAPULT_CLIENT_SECRET_FILE: path }))).toBe('cs-2');
  });

  it.each(VARIABLES.filter(({ credential }) => credential !== undefined).map(({ name }) => name))(
    'can be %s, and both are refused',
    (name) => {
      const path = file('value', 'x');
      expect(problemsOf({ ...LIVE, [`${name}_FILE`]: path, [name]: 'x' })).toContain(
        `${name} and ${name}_FILE are both set: unset one of them.`,
      );
      expect(problemsOf({ [`${name}_FILE`]: path }).join()).not.toContain('not known');
    },
  );

  it('is a whole API key, a user name, a database', () => {
    const config = readConfig({
      API_KEYS_FILE: file('keys', `shop:${SHA256}\n`),
      CALLBACK_USERNAME_FILE: file('name', 'bandwidth\n'),
      CALLBACK_PASSWORD_FILE: file('password', '\ufeffpässword\r\n'),
      DATABASE_URL_FILE: file('url', 'postgres://u:p@host/db\n'),
    });
    expect(config.auth.apiKeys.map(({ name }) => name)).toEqual(['shop']);
    expect(config.callbackCredentials).toEqual([{ username: 'bandwidth', password: 'pässword' }]);
    expect(config.databaseUrl).toBe('postgres://u:p@host/db');
  });

  it('that cannot be read is refused with its path and never its content, and nothing is guessed from it', () => {
    mkdirSync(join(folder, 'folder'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    symlinkSync(join(folder, 'ring'), join(folder, 'ring'));
    const wrong: readonly [string, string][] = [
      [join(folder, 'missing'), 'cannot be read: there is no such file'],
      [join(folder, 'folder'), 'cannot be read: it is a folder'],
      [join(folder, 'pipe'), 'cannot be read: it is no file, but a pipe or a device'],
      ['/dev/null', 'cannot be read: it is no file, but a pipe or a device'],
      [join(folder, 'ring'), 'cannot be read: its links lead in a circle'],
      [join(file('file', 'x'), 'x'), 'cannot be read: a part of its path is no folder'],
      [file('empty', ' \n'), 'is empty'],
      [file('mark', '\ufeff\r\n'), 'is empty'],
      [file('bytes', Buffer.from('SECRET\xff', 'latin1')), 'cannot be read: it is not UTF-8'],
      [file('large', 'SECRET'.repeat(100_000)), 'cannot be read: it has more than 256 KiB'],
    ];
    for (const [path, why] of wrong) {
      expect(problemsOf({ ...WITHOUT, CATAPULT_CLIENT_SECRET_FILE: path, PORT: 'x' })).toEqual([
        `CATAPULT_CLIENT_SECRET_FILE names ${path}, which ${why}.`,
      ]);
    }
  });

  it('may be empty where it is a former one', () => {
    const path = file('former', '\n');
    const environment = { CALLBACK_USERNAME: 'a', CALLBACK_PASSWORD: 'b' };
    const previous = { CALLBACK_USERNAME_PREVIOUS_FILE: path, CALLBACK_PASSWORD_PREVIOUS_FILE: path };
    expect(readConfig({ ...environment, ...previous }).callbackCredentials).toHaveLength(1);
  });

  it('does not turn the sandbox on when its file is gone', () => {
    const all = Object.fromEntries(
      ['CATAPULT_CLIENT_ID', 'CATAPULT_CLIENT_SECRET'].map((name) => [`${name}_FILE`, join(folder, 'missing')]),
    );
    expect(problemsOf(all)).toHaveLength(2);
  });
});
