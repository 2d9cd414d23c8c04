const EXPECTED_WIDTH = 46;

type Style = 'bold' | 'dim' | 'green' | 'red';
const CODES: Record<Style, number> = { bold: 1, dim: 2, green: 32, red: 31 };

/** Writes the story down: what is done, what was expected, what came. */
export class Teller {
  private readonly startedAt = Date.now();
  private steps = 0;
  private good = 0;
  // https://no-color.org
  private readonly isColourful = process.stdout.isTTY === true && !process.env.NO_COLOR;

  progress(what: string): void {
    const seconds = ((Date.now() - this.startedAt) / 1000).toFixed(1).padStart(5);
    console.log(`${this.style(`${seconds} s`, 'dim')}  ${what}`);
  }

  chapter(title: string): void {
    console.log(`\n${this.style(title, 'bold')}`);
  }

  /** A text that is shown as it is, set apart. */
  quote(text: string): void {
    console.log(text.replaceAll(/^/gm, `   ${this.style('│', 'dim')} `));
  }

  /** One step of the story; good when what comes is what was expected, word for word. */
  async step(what: string, expected: string, act: () => Promise<string>): Promise<void> {
    const came = await act().catch((error: unknown) => `no answer: ${(error as Error).message}`);
    const isGood = came === expected;
    this.steps++;
    if (isGood) this.good++;
    const mark = isGood ? this.style('✓', 'green') : this.style('✗', 'red');
    const label = (text: string) => this.style(text, 'dim');
    console.log(` ${mark} ${what}`);
    console.log(`   ${label('expected')} ${expected.padEnd(EXPECTED_WIDTH)} ${label('came')} ${came}`);
  }

  /** Says how it went; true when every step was as expected. */
  summary(): boolean {
    const isGood = this.good === this.steps;
    const text = `${this.good} of ${this.steps} steps as expected.`;
    console.log(`\n${this.style(text, isGood ? 'green' : 'red')}`);
    return isGood;
  }

  private style(text: string, style: Style): string {
    return this.isColourful ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  }
}
