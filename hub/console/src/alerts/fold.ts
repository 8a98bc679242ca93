// Text without diacritics and case: "song dong nai" finds "sông Đồng Nai".

export function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
}

/** Whether every word asked for stands in the folded text. */
export function found(folded: string, asked: string): boolean {
  return fold(asked).split(/\s+/).filter(Boolean).every((part) => folded.includes(part));
}
