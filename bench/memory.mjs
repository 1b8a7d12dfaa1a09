// Loaded before a command, to tell its largest memory in KiB when it ends.
process.on("exit", () => process.stderr.write(`largest memory ${process.resourceUsage().maxRSS}\n`));
