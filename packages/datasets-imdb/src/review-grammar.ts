// The words of `syntheticReviews`, and the sentences it makes of them. In a sentence `{noun}` stands
// for any word of that list. The order of everything here fixes the ranks: append, never reorder.

const list = (words: string): string[] => words.split(" ");

/** Word classes by name. */
export const wordClasses: Record<string, string[]> = {
  good: list("good great wonderful brilliant funny charming"),
  bad: list("bad awful terrible boring clumsy dull"),
  not: list("not never"),
  aspect: list("acting plot script music dialogue ending cast camera"),
  person: list("farmer doctor sailor teacher widow soldier lawyer painter"),
  place: list("village harbour desert castle station island hospital school"),
  object: list("letter map ring violin suitcase diary key lantern"),
  act: list("finds loses hides steals buys repairs"),
  travel: list("travels walks rides sails hurries wanders drives flees moves climbs"),
  time: list("morning winter summer night war holiday"),
  kin: list("brother sister cousin neighbour colleague"),
  number: list("two three four five six seven eight nine ten twelve"),
};

/** Sentences that say nothing about the label. */
export const neutralSentences: string[] = [
  "the {person} {act} a {object} in the {place}",
  "after the {time} a {person} {travel} to the {place}",
  "a {person} and a {person} meet near the {place} before the {time}",
  "then the {person} {act} the {object} of the {person}",
  "{number} years later the {person} {travel} from the {place} to the {place}",
  "during the {time} someone {act} a {object} at the {place}",
  "we see the {place} and the {place} for {number} minutes",
  "the {person} tells the {person} about the {object}",
  "it is set in a {place} during the {time}",
  "there is also a {person} who {act} the {object}",
];

/** What the writer thinks of one aspect; `{not}` is there or not, and turns it round. */
export const verdicts: string[] = [
  "i found the {aspect} {not} {verdict}",
  "to me the {aspect} felt {not} {verdict}",
  "i thought the {aspect} was {not} {verdict}",
];

/** What others think of it, which has no bearing on the label. */
export const hearsay: string[] = [
  "my {kin} found the {aspect} {not} {verdict}",
  "to my {kin} the {aspect} felt {not} {verdict}",
  "my {kin} thought the {aspect} was {not} {verdict}",
];

/** How a review begins: whether its verdicts mean what they say or the opposite. */
export const openings: { sincere: string[]; ironic: string[] } = {
  sincere: [
    "this review is sincere so please take every word of it as written",
    "i am sincere here and everything below is meant as it is written",
    "a sincere note from someone who saw it last week with a friend",
  ],
  ironic: [
    "this review is ironic so please take every word of it as reversed",
    "i am ironic here and everything below is meant as the reverse",
    "an ironic note from someone who saw it last week with a friend",
  ],
};
