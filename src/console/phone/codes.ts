/** The table of codes with which a message can fail. It never changes while the server runs. */
import { useEffect, useState } from 'react';
import { deliveryCodes, type DeliveryCode } from './api.js';

let asked: Promise<readonly DeliveryCode[]> | null = null;

export function useCodes(): readonly DeliveryCode[] {
  const [codes, setCodes] = useState<readonly DeliveryCode[]>([]);
  useEffect(() => {
    let isOver = false;
    asked ??= deliveryCodes();
    asked.then(
      (table) => {
        if (!isOver) setCodes(table);
      },
      () => {
        asked = null;
      },
    );
    return () => {
      isOver = true;
    };
  }, []);
  return codes;
}

export const meaningOf = (codes: readonly DeliveryCode[], code: number | null): string =>
  codes.find((each) => each.code === code)?.meaning ?? '';
