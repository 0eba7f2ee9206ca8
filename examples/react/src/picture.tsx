import { useApolloClient } from '@apollo/client/react';
import { useState } from 'react';
import type { BubbleFragment } from './generated/graphql';
import { ATTACHMENTS } from './operations';

interface Props {
  readonly messageId: string;
  readonly place: number;
  readonly attachment: BubbleFragment['attachments'][number];
}

/** An attachment. Its address is signed and ends after a while: what is shown keeps it, and then asks for another one. */
export function Picture({ messageId, place, attachment }: Props) {
  const client = useApolloClient();
  const [url, setUrl] = useState(attachment.url);
  const [isRenewed, setRenewed] = useState(false);
  const name = attachment.name ?? 'Attachment';

  const renew = async (): Promise<void> => {
    setRenewed(true);
    const variables = { id: messageId };
    const { data } = await client.query({ query: ATTACHMENTS, variables, fetchPolicy: 'network-only' });
    setUrl((isRenewed ? null : data?.message?.attachments[place]?.url) ?? null);
  };

  if (url === null) return <p className="gone">{name} is no longer available.</p>;
  if (attachment.contentType?.startsWith('image/')) {
    return <img src={url} alt={name} onLoad={() => setRenewed(false)} onError={() => void renew()} />;
  }
  return (
    <a href={url} download>
      {name}
    </a>
  );
}
