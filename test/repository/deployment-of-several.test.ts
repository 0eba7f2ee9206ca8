/** What compose.yaml and the manifests for Kubernetes name, held against what is there: no container engine is needed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { isVariable } from '../support/variables.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const exists = (file: string): boolean => existsSync(join(ROOT, file));

/** How long the server takes to end, in seconds: docs/operations.md. */
const STOP_S = 10;
const LISTENS_ON = 4000;

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
}

describe('compose.yaml', () => {
  const { services, volumes } = parse(read('compose.yaml'), { merge: true }) as {
    services: Readonly<Record<string, Service>>;
    volumes: Readonly<Record<string, null>>;
  };
  const names = Object.keys(services);
  const servers = names.filter((name) => services[name]?.image === 'catapult-graphql');
  const portOf = (name: string): string => services[name]?.environment?.METRICS_PORT ?? '';

  it('has two instances, which write nothing, with variables of the server', () => {
    expect(servers).toEqual(['server-1', 'server-2']);
    const set = servers.flatMap((name) => Object.keys(services[name]?.environment ?? {}));
    expect(set.filter((name) => !isVariable(name))).toEqual([]);
    for (const name of servers) expect(services[name]?.read_only).toBe(true);
  });

  it('asks for nothing that .env.example does not name', () => {
    const asked = [...read('compose.yaml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
    const [, named = ''] = read('.env.example').split('## For compose.yaml alone');
    expect([...new Set(asked)]).toEqual([...named.matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name));
  });

  it('waits until a server has drained and ended', () => {
    const { environment, stop_grace_period: patience = '' } = services['server-1'] ?? ({} as Partial<Service>);
    const drainMs = Number(environment?.DRAIN_DELAY_MS);
    expect(Number.parseInt(patience, 10)).toBeGreaterThan(drainMs / 1_000 + STOP_S);
  });

  it('mounts what is in the repository and the volumes that it names, and depends on services that it has', () => {
    const mounted = Object.values(services).flatMap(({ volumes: mounts = [] }) =>
      mounts.map((mount) => mount.split(':')[0] ?? ''),
    );
    const missing = mounted.filter((source) =>
      source.startsWith('./') ? !exists(source) : !Object.hasOwn(volumes, source),
    );
    expect(missing).toEqual([]);
    const needed = Object.values(services).flatMap(
      ({ depends_on: on = [] }) => (Array.isArray(on) ? on : Object.keys(on)) as string[],
    );
    expect(needed.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('opens ports on loopback alone', () => {
    const ports = Object.values(services).flatMap(({ ports: opened = [] }) => opened);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('has its proxy, Prometheus and Grafana ask the instances, each other, and nobody else', () => {
    const caddy = read('deploy/caddy/Caddyfile');
    expect(/reverse_proxy (.*) \{/.exec(caddy)?.[1]?.split(' ')).toEqual(
      servers.map((name) => `${name}:${LISTENS_ON}`),
    );
    expect(caddy).toContain('health_uri /ready');
    const prometheus = parse(read('deploy/prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: [{ static_configs: [{ targets: string[] }] }];
    };
    expect(prometheus.scrape_configs[0].static_configs[0].targets).toEqual(
      servers.map((name) => `${name}:${portOf(name)}`),
    );
    expect(prometheus.rule_files.filter((file) => !exists(join('deploy/prometheus', file)))).toEqual([]);
    const grafana = 'deploy/grafana/provisioning';
    const { datasources } = parse(read(`${grafana}/datasources/prometheus.yaml`)) as { datasources: [{ url: string }] };
    expect(names).toContain(new URL(datasources[0].url).hostname);
    const { providers } = parse(read(`${grafana}/dashboards/dashboards.yaml`)) as {
      providers: [{ options: { path: string } }];
    };
    expect(services.grafana?.volumes?.join()).toContain(`:${providers[0].options.path}/`);
  });
});

interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly env: readonly { name: string; value: string }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly volumeMounts: readonly { name: string; mountPath: string }[];
  readonly securityContext: object;
  readonly [probe: `${string}Probe`]: { httpGet: { path: string; port: string } };
}
interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly initContainers: readonly [Container];
  readonly containers: readonly [Container];
  readonly volumes: readonly { name: string; secret?: { items: readonly { key: string; path: string }[] } }[];
}

describe('deploy/kubernetes', () => {
  const documents = ['configuration', 'server'].flatMap((name) =>
    parseAllDocuments(read(`deploy/kubernetes/${name}.yaml`)).map(
      (document) => document.toJS() as Record<string, unknown>,
    ),
  );
  const ofKind = (kind: string): unknown => documents.find((document) => document.kind === kind);
  const deployment = ofKind('Deployment') as {
    spec: { replicas: number; template: { metadata: { labels: object }; spec: Pod } };
  };
  const pod = deployment.spec.template.spec;
  const [migrate, server] = [pod.initContainers[0], pod.containers[0]];
  const valueOf = (name: string): string => server.env.find((each) => each.name === name)?.value ?? '';

  it('sets variables of the server', () => {
    const { data } = ofKind('ConfigMap') as { data: object };
    const names = [...Object.keys(data), ...[migrate, server].flatMap(({ env }) => env.map(({ name }) => name))];
    expect(names.filter((name) => !isVariable(name))).toEqual([]);
  });

  it('reads each secret from where it is mounted, and its page says how they are made', () => {
    const files = pod.volumes.flatMap(({ name, secret }) =>
      (secret?.items ?? []).map(({ path }) => {
        const mount = [migrate, server].flatMap(({ volumeMounts }) => volumeMounts).find((each) => each.name === name);
        return `${mount?.mountPath ?? ''}/${path}`;
      }),
    );
    const fromFiles = [migrate, server].flatMap(({ env }) =>
      env.flatMap(({ name, value }) => (name.endsWith('_FILE') ? [value] : [])),
    );
    expect(fromFiles.sort()).toEqual(files.sort());
    const keys = pod.volumes.flatMap(({ secret }) => (secret?.items ?? []).map(({ key }) => key));
    const made = [...read('docs/deployment.md').matchAll(/--from-literal=([\w-]+)=/g)].map(([, key]) => key);
    expect(made.sort()).toEqual(keys.sort());
  });

  it('runs the version that is here', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect([migrate, server].map(({ image }) => image)).toEqual(Array(2).fill(`catapult-graphql:${version}`));
  });

  it('runs two instances that write nothing and are not root, after the tables are up to date', () => {
    expect(deployment.spec.replicas).toBe(2);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    for (const { securityContext } of [migrate, server]) {
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    }
    expect(migrate.command).toEqual(['node', 'dist/main.js', 'migrate']);
    expect(server.command).toBeUndefined();
  });

  it('asks where the server answers', () => {
    const ports = Object.fromEntries((server.ports ?? []).map(({ name, containerPort }) => [name, containerPort]));
    expect(ports).toEqual({ http: LISTENS_ON, metrics: Number(valueOf('METRICS_PORT')) });
    const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
    expect(probes.map((probe) => server[probe]?.httpGet)).toEqual(
      ['/health', '/ready', '/health'].map((path) => ({ path, port: 'http' })),
    );
  });

  it('waits until a server has drained and ended', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(valueOf('DRAIN_DELAY_MS')) / 1_000 + STOP_S);
  });

  it('selects its own pods', () => {
    const { labels } = deployment.spec.template.metadata;
    expect((ofKind('Service') as { spec: { selector: object } }).spec.selector).toEqual(labels);
    const budget = ofKind('PodDisruptionBudget') as { spec: { selector: { matchLabels: object } } };
    expect(budget.spec.selector.matchLabels).toEqual(labels);
  });
});
