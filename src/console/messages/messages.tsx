import { Page } from '../parts/page.js';

export function Messages() {
  return <Page title="Messages">{null}</Page>;
}
