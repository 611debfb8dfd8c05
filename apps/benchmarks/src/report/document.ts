import { escapeHtml } from "./html.ts";
import { reportStyle } from "./style.ts";

/** What a report is made of; **lead** and **main** are HTML. */
export interface ReportDocument {
  title: string;
  /** Beneath the title. Default nothing. */
  lead?: string;
  main: string;
}

/**
 * A report as one HTML document: no script, nothing loaded from anywhere (its own content policy forbids both),
 * readable in light and dark, on a phone and on paper.
 */
export function reportDocument({ title, lead = "", main }: ReportDocument): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
${lead}
</header>
<main>
${main}
</main>
</body>
</html>
`;
}
