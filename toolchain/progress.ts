/** Tells the user what is being done, and why, while it is being done. */
export interface Report {
  /** Prints one line. */
  say(line: string): void;
  /**
   * Runs `work` under a title that says what is done and why ("Building the Kafka plugin (nothing can be downloaded)").
   * While it runs, the user sees that it does: on a terminal by a line that counts the seconds, elsewhere by a line at least
   * every ten seconds. `tell` sets what is going on at the moment ("412 packages compiled"); it is cheap to call often.
   */
  step<T>(title: string, work: (tell: (detail: string) => void) => Promise<T>): Promise<T>;
}

/** Where a report is printed. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPIN_MS = 100;
const REPEAT_MS = 10_000;

/** A report on a screen: on a terminal it redraws one line, elsewhere it only ever adds lines. */
export function reportTo(screen: Screen, now: () => number = Date.now): Report {
  return screen.isTTY ? terminalReport(screen, now) : lineReport(screen, now);
}

/** The seconds as a person says them: "4 s", "2 min 5 s". */
export function elapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function lineReport(screen: Screen, now: () => number): Report {
  const say = (line: string) => screen.write(`${line}\n`);
  return {
    say,
    async step(title, work) {
      const start = now();
      let detail = "";
      say(`${title} ...`);
      const timer = setInterval(() => say(`  ${progressLine(now() - start, detail)}`), REPEAT_MS);
      try {
        const result = await work((text) => {
          detail = text;
        });
        say(`  done in ${elapsed(now() - start)}`);
        return result;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

function terminalReport(screen: Screen, now: () => number): Report {
  let open: (() => void) | undefined;
  return {
    say(line) {
      screen.write(`\r\x1b[K${line}\n`);
      open?.();
    },
    async step(title, work) {
      const start = now();
      let detail = "";
      let frame = 0;
      const draw = () => {
        const line = `${FRAMES[frame++ % FRAMES.length]} ${title}  ${progressLine(now() - start, detail)}`;
        screen.write(`\r\x1b[K${clip(line, (screen.columns ?? 80) - 1)}`);
      };
      open = draw;
      draw();
      const timer = setInterval(draw, SPIN_MS);
      const close = (mark: string) => {
        clearInterval(timer);
        open = undefined;
        screen.write(`\r\x1b[K${mark} ${title}  ${elapsed(now() - start)}\n`);
      };
      try {
        const result = await work((text) => {
          detail = text;
        });
        close("✓");
        return result;
      } catch (error) {
        close("✗");
        throw error;
      }
    },
  };
}

function progressLine(ms: number, detail: string): string {
  return detail === "" ? elapsed(ms) : `${elapsed(ms)}, ${detail}`;
}

function clip(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}
