import { useLocation } from 'wouter';
import { may, useViewer } from '../viewer.js';

/** One field for any id that somebody has: the page behind it finds out what it names. */
export function SearchById({ id = '' }: { readonly id?: string }) {
  const [, navigate] = useLocation();
  const isOperator = may(useViewer(), 'operations:read');
  const what = isOperator ? 'message, send, request or key' : 'message, send or key';
  return (
    <form
      role="search"
      className="search"
      action={(fields) => {
        const wanted = (fields.get('id') as string).trim();
        if (wanted !== '') navigate(`/messages/${encodeURIComponent(wanted)}`);
      }}
    >
      <input
        data-search
        key={id}
        name="id"
        type="search"
        aria-label={`Find by the id of a ${what}`}
        placeholder={`Id of a ${what}`}
        defaultValue={id}
        autoComplete="off"
        spellCheck={false}
      />
      <button type="submit">Find</button>
    </form>
  );
}
