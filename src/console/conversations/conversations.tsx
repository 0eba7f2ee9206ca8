import { Page } from '../parts/page.js';

export function Conversations() {
  return <Page title="Conversations">{null}</Page>;
}
