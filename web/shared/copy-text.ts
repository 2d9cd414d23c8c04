/**
 * Puts a text into the clipboard. Where there is none, as without https, or where the browser refuses it, the text is
 * selected in `shown`, to be copied by hand, and the answer is false.
 */
export async function copyText(text: string, shown: Node): Promise<boolean> {
  const isCopied = await write(text);
  if (!isCopied) getSelection()?.selectAllChildren(shown);
  return isCopied;
}

async function write(text: string): Promise<boolean> {
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (!clipboard) return false;
  try {
    await clipboard.writeText(text);
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}
