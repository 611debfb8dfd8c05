/** The keys of a table of texts, each with a string, or a function of the same arguments. */
export type Translated<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends (...args: infer Args) => string
    ? (...args: Args) => string
    : string;
};
