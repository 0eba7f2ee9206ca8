export const E164 = /^\+[1-9]\d{6,14}$/;

/** Numbers as people read them. Those of North America are grouped; all others are as they are. */
export const spoken = (number: string): string => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '+1 $1 $2 $3');

export const allSpoken = (numbers: readonly string[]): string => numbers.map(spoken).join(', ');

export function PhoneNumber({ number }: { readonly number: string }) {
  return <span className="number">{spoken(number)}</span>;
}
