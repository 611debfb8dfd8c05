import { inPageWords } from "./page-words.ts";

/** What did not work, said at once to who does not see it. */
export function Failure({ message }: { message: string | null }) {
  if (message === null) return null;
  const { words, language } = inPageWords(message);
  return (
    <p class="notice" role="alert" lang={language === "en" ? "en" : "zh-CN"}>
      {words}
    </p>
  );
}
