import { Page } from '../parts/page.js';

export function Health() {
  return <Page title="Health">{null}</Page>;
}
