import { Page } from '../parts/page.js';

export function Unresolved() {
  return <Page title="Unresolved">{null}</Page>;
}
