import { Redirect, useParams } from 'wouter';
import { MessageLife } from './message-life.js';
import { MessageListPage } from './message-list.js';
import './messages.css';

/** The list, or whatever is known by one id. */
export function Messages() {
  const { id } = useParams<{ id?: string }>();
  if (id === undefined) return <MessageListPage />;
  const trimmed = id.trim();
  return trimmed === '' ? <Redirect to="/messages" replace /> : <MessageLife key={trimmed} id={trimmed} />;
}
