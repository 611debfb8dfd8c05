// @ts-check
// Lets bundlers take out of one file what `"sideEffects": false` lets them take out of many: each declaration that
// no other needs. Of a class that registers itself, or a table that is worked out, they cannot know that nobody
// misses it; so it is put into an arrow that is called, and the call marked as pure. Calls that declare nothing stay.
import { parseAst } from "rolldown/parseAst";

/** @typedef {{ type: string, start: number, end: number } & Record<string, any>} Node an ESTree node */

/** The code of a module with its declarations marked; nothing goes to another line. @param {string} code */
export function pureDeclarations(code) {
  /** @type {[start: number, end: number, text: string][]} */
  const edits = [];
  /** @param {Node} node @param {string} [name] of a class that is declared */
  const wrap = ({ start, end }, name) => {
    edits.push([start, start, `${name ? `const ${name} = ` : ""}/* @__PURE__ */ (() => (`]);
    edits.push([end, end, name ? "))();" : "))()"]);
  };
  const program = /** @type {Node} */ (/** @type {unknown} */ (parseAst(code)));
  for (const statement of program.body) {
    const isClass = statement.type === "ClassDeclaration";
    if (isClass && !isPure(statement)) wrap(statement, statement.id.name);
    for (const { id, init, start, end } of statement.declarations ?? []) {
      const number = init && numberOf(init);
      if (number !== null && init.type === "BinaryExpression")
        edits.push([init.start, init.end, String(number)]);
      else if (id.type === "Identifier" && !isPure(init)) {
        wrap(init);
        // A class without a name has the variable's, but not from within an arrow.
        const isNameless = init.type === "ClassExpression" && init.id === null;
        if (isNameless) edits.splice(-1, 0, [init.start + 5, init.start + 5, ` ${id.name}`]);
      }
      const parts = partsOf(id, init, (node) => code.slice(node.start, node.end));
      if (!parts) continue;
      const text = parts.map(([name, value]) => `${name} = /* @__PURE__ */ (() => (${value}))()`);
      const lines = code.slice(start, end).split("\n").length - text.join().split("\n").length;
      edits.push([start, end, text.join(", ") + "\n".repeat(lines)]);
    }
  }
  let marked = "";
  let from = 0;
  for (const [start, end, text] of edits) {
    marked += code.slice(from, start) + text;
    from = end;
  }
  return marked + code.slice(from);
}

/**
 * What `{ a, b: c } = from` and `[a, b] = [from, other()]` declare, name by name; null of other patterns, and where
 * bundlers see for themselves.
 *
 * @param {Node} id
 * @param {Node | null} init
 * @param {(node: Node) => string} textOf
 * @returns {[name: string, value: string][] | null}
 */
function partsOf(id, init, textOf) {
  if (id.type === "ObjectPattern" && init?.type === "Identifier") {
    const isPlain = (/** @type {Node} */ { key, value }) =>
      key.type === "Identifier" && value.type === "Identifier";
    if (!id.properties.every(isPlain)) return null;
    return id.properties.map((/** @type {Node} */ { key, value }) => [
      value.name,
      `${init.name}.${key.name}`,
    ]);
  }
  if (id.type !== "ArrayPattern" || init?.type !== "ArrayExpression" || isPure(init)) return null;
  const isNamed = (/** @type {Node | null} */ element) => element?.type === "Identifier";
  const isListed = (/** @type {Node | null} */ element) =>
    element && element.type !== "SpreadElement";
  const isWhole = id.elements.length <= init.elements.length;
  if (!isWhole || !id.elements.every(isNamed) || !init.elements.every(isListed)) return null;
  return id.elements.map((/** @type {Node} */ { name }, /** @type {number} */ k) => [
    name,
    textOf(init.elements[k]),
  ]);
}

/** What stands there, if it is a sum of plain numbers. @param {Node} node @returns {number | null} */
function numberOf({ type, value, operator, argument, left, right }) {
  if (type === "Literal") return typeof value === "number" ? value : null;
  const [a, b] = [left, right ?? argument].map((part) => part && numberOf(part));
  if (type === "UnaryExpression" && operator === "-") return b === null ? null : -b;
  if (type !== "BinaryExpression" || a === null || b === null) return null;
  return operators[operator]?.(a, b) ?? null;
}

/** @type {Record<string, (a: number, b: number) => number>} */
const operators = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "**": (a, b) => a ** b,
  "<<": (a, b) => a << b,
};

/**
 * Whether bundlers see by themselves that this does nothing but give a value.
 *
 * @param {Node | null} node
 * @returns {boolean}
 */
function isPure(node) {
  switch (node?.type) {
    case undefined:
    case "Identifier":
    case "Literal":
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return true;
    case "UnaryExpression":
      return node.argument.type === "Literal";
    case "TemplateLiteral":
      return node.expressions.length === 0;
    case "ArrayExpression":
      return node.elements.every(isPure);
    case "ObjectExpression":
      return node.properties.every(
        (/** @type {Node} */ property) =>
          property.type === "Property" && !property.computed && isPure(property.value),
      );
    case "ClassDeclaration":
    case "ClassExpression":
      return isPure(node.superClass) && node.body.body.every(isPure);
    case "MethodDefinition":
      return !node.computed;
    case "PropertyDefinition":
      return !node.computed && (!node.static || isPure(node.value));
    default:
      return false;
  }
}
