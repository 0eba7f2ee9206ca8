import { useState } from 'react';
import { AttachmentsDocument, type BubbleFragment } from '../generated/graphql.js';
import { client } from '../server.js';

interface Props {
  readonly messageId: string;
  readonly place: number;
  readonly attachment: BubbleFragment['attachments'][number];
}

/** Whether the page may show it: it loads nothing from other hosts, which would learn who reads the message, and when. */
const isHere = (url: string): boolean => new URL(url, document.baseURI).origin === location.origin;

/** An attachment. Its address is signed and ends after a while: then another one is asked for, once. */
export function Attachment({ messageId, place, attachment: { name, contentType, ...attachment } }: Props) {
  const [url, setUrl] = useState(attachment.url);
  const [isRenewed, setRenewed] = useState(false);
  const shown = name ?? 'Attachment';

  const renew = async (): Promise<void> => {
    const { data, error } = await client.query(AttachmentsDocument, { id: messageId }).toPromise();
    // Whether it is gone, only the server knows.
    if (error) return;
    setRenewed(true);
    setUrl((isRenewed ? null : data?.message?.attachments[place]?.url) ?? null);
  };

  if (url === null) return <p className="gone">{shown} is no longer available.</p>;
  if (!isHere(url)) {
    return (
      <a href={url} target="_blank" rel="noreferrer">
        {shown} at {new URL(url).host}
      </a>
    );
  }
  const listen = {
    onError: () => void renew(),
    onLoad: () => setRenewed(false),
    onLoadedData: () => setRenewed(false),
  };
  if (contentType?.startsWith('image/')) {
    return (
      <a href={url} target="_blank" rel="noreferrer" className="picture">
        <img src={url} alt={shown} loading="lazy" {...listen} />
      </a>
    );
  }
  if (contentType?.startsWith('video/'))
    return <video src={url} controls preload="none" aria-label={shown} {...listen} />;
  if (contentType?.startsWith('audio/'))
    return <audio src={url} controls preload="none" aria-label={shown} {...listen} />;
  return (
    <a href={url} download>
      {shown}
    </a>
  );
}
