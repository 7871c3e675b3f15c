/** The grammar (Peggy): syntax alone. Which fields there are and which types fit is for `check.ts`. */
export const GRAMMAR = String.raw`
{{
  const fold = (operator, head, tail) => tail.length === 0 ? head : { kind: "logic", operator, all: [head, ...tail] };
}}
{
  const node = (rest) => ({ ...rest, start: location().start.offset, end: location().end.offset });
}

Start = _ expression:Or _ { return expression; }

Or = head:Xor tail:(_ ("||" / "or" Break) _ @Xor)* { return node(fold("or", head, tail)); }
Xor = head:And tail:(_ ("^^" / "xor" Break) _ @And)* { return node(fold("xor", head, tail)); }
And = head:Not tail:(_ ("&&" / "and" Break) _ @Not)* { return node(fold("and", head, tail)); }
Not = ("!" / "not" Break) _ of:Not { return node({ kind: "not", of }); } / Primary
Primary = "(" _ inner:Or _ ")" { return node({ kind: "group", inner }); } / Comparison

Comparison
  = left:Value _ "in" Break _ set:Set { return node({ kind: "in", left, set }); }
  / left:Value _ operator:Operator _ right:Literal { return node({ kind: "compare", operator, left, right }); }
  / Value

Operator "comparison operator"
  = "==" { return "eq"; } / "!=" { return "ne"; } / "<=" { return "le"; } / ">=" { return "ge"; }
  / "<" { return "lt"; } / ">" { return "gt"; } / "~" { return "matches"; }
  / "strict" __ "wildcard" Break { return "strict wildcard"; }
  / @("eq" / "ne" / "lt" / "le" / "gt" / "ge" / "contains" / "matches" / "wildcard") Break

Value = Call / Field / String / Number
Call "function" = name:$([a-z_] [a-z0-9_]*) "(" _ all:(head:Or tail:(_ "," _ @Or)* { return [head, ...tail]; })? _ ")"
    index:Index* { return node({ kind: "call", name, arguments: all ?? [], index }); }
Field "field" = name:$([a-z_] [a-z0-9_]* ("." [a-z0-9_]+)*) index:Index*
    { return node({ kind: "field", name, index }); }
Index = "[" _ @(Key / Place / Each) _ "]"
Each = "*" { return null; }
Key = text:String { return text.value; }
Place = digits:$[0-9]+ { return Number(digits); }

Set = "{" _ @(@Member|1.., __| ) _ "}"
  / "$" name:$[a-z0-9_.]* { return node({ kind: "list", name }); }
Member = Address / from:Integer ".." to:Integer { return node({ kind: "range", from, to }); } / Literal
Literal "value" = Address / String / Number
Number "number" = value:Integer { return node({ kind: "number", value }); }
Integer = digits:$("-"? [0-9]+) ![0-9a-zA-Z_] { return Number(digits); }
Address "address"
  = text:$([0-9a-fA-F]* (":" [0-9a-fA-F]*)|2..| ("." [0-9]+)* ("/" [0-9]+)?) { return node({ kind: "ip", value: text }); }
  / text:$([0-9]+ "." [0-9]+ "." [0-9]+ "." [0-9]+ ("/" [0-9]+)?) { return node({ kind: "ip", value: text }); }

String "string"
  = "r" marks:$"#"* '"' text:$(!('"' close:$"#"* &{ return close.length >= marks.length; }) .)* '"'
    close:$"#"* &{ return close === marks; } { return node({ kind: "string", value: text }); }
  / '"' parts:Part* '"' { return node({ kind: "string", value: parts.join("") }); }
Part
  = "\\x" hex:$([0-9a-fA-F]|2|) { return String.fromCharCode(parseInt(hex, 16)); }
  / "\\" octal:$([0-3] [0-7]|2|) { return String.fromCharCode(parseInt(octal, 8)); }
  / "\\" @["\\]
  / $[^"\\]

Break = ![a-z0-9_.]
__ "space" = [ \t\r\n]+
_ = [ \t\r\n]*
`;
