import { Page } from '../parts/page.js';

export function Compose() {
  return <Page title="Compose">{null}</Page>;
}
