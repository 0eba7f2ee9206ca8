/** examples/react can be copied: it states the versions that are tested here. */
import { readFileSync } from 'node:fs';

type Versions = Readonly<Record<string, string>>;
interface Manifest {
  readonly engines: Versions;
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
}
const read = (file: string): Manifest =>
  JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) as Manifest;

it('examples/react has the versions of this package', () => {
  const ours = read('package.json');
  const example = read('examples/react/package.json');
  const stated = Object.entries({ ...example.dependencies, ...example.devDependencies });
  const tested = { ...ours.dependencies, ...ours.devDependencies };
  expect(stated.length).toBeGreaterThan(10);
  expect(stated).toEqual(stated.map(([name]) => [name, tested[name]]));
  expect(example.engines).toEqual(ours.engines);
});
