import js from "@eslint/js";
import pulumi from "@pulumi/eslint-plugin";
import typescript from "typescript-eslint";

/** Who owns which provider; `remote-step` and `refusal` are everybody's. The rest of a room's rules are below. */
const PROVIDER_OWNERS = {
  hcloud: ["ssh-identity", "firewall", "server"],
  cloudflare: ["zone", "dns", "origin-tls", "edge-rules", "rulesets", "turnstile", "monitors"],
  random: ["secrets", "ssh-identity", "origin-tls", "protection"],
  tls: ["secrets", "ssh-identity", "origin-tls"],
  command: ["remote-step"],
  docker: ["container-host", "container-stack", "proxy"],
};

const TESTS = ["test/**/*.ts", "**/*.test.ts"];

/** What plain JavaScript here uses of Node's own; `require` and `module` come with `sourceType`. */
const NODE_GLOBALS = Object.fromEntries(
  ["Buffer", "URL", "__dirname", "__filename", "console", "fetch", "process"].map((name) => [
    name,
    "readonly",
  ]),
);

const NO_DEFAULT_EXPORT = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name: one thing has one name everywhere.",
};
const NO_NEW_UNDER_APPLY = {
  selector:
    "CallExpression[callee.property.name='apply'] NewExpression:not([callee.name=/(Error|^Map|^Set|^Date|^URL)$/]):not([callee.property.name=/Error$/])",
  message: "A resource made under apply is missing from previews: decide on its existence with plain values.",
};
const NO_CONFIG = {
  selector:
    ":matches(NewExpression[callee.property.name='Config'], CallExpression[callee.property.name=/^(getConfig|allConfig)$/])",
  message: "components/config.ts is the only reader of stack config.",
};
const NO_PROVIDER = {
  selector: "NewExpression[callee.property.name='Provider']",
  message: "Only components/container-host.ts makes a provider instance.",
};
const NO_EXPECT_UNDER_APPLY = {
  selector: "CallExpression[callee.property.name='apply'] CallExpression[callee.name='expect']",
  message: "Await the output's value: a failure inside apply ends the whole run.",
};
const NO_ENVIRONMENT = {
  object: "process",
  property: "env",
  message: "Only config.ts, cli/, local-cloud/, scripts/ and tests read the environment.",
};

function imports(...patterns) {
  return { "@typescript-eslint/no-restricted-imports": ["error", { patterns }] };
}

/** Everything but what matches `allowed` is refused. */
function only(allowed, message, rest = {}) {
  return { regex: `^(?!(?:${allowed})$)`, message, ...rest };
}

function providerRooms() {
  const files = [...new Set(Object.values(PROVIDER_OWNERS).flat())];
  const ownedBy = (file) =>
    Object.keys(PROVIDER_OWNERS).filter((name) => PROVIDER_OWNERS[name].includes(file));
  return files.map((file) => component([`components/${file}.ts`], ownedBy(file)));
}

function component(files, providers, ignores = []) {
  const packages = ["pulumi", ...providers].map((name) => `@pulumi/${name}(?:/.*)?`);
  const message =
    "A component imports @pulumi/pulumi, its own provider, remote-step, refusal and lib; siblings as types.";
  return {
    files,
    ignores,
    rules: imports(only([...packages, "\\./[a-z-]+", "\\./lib/[a-z-]+"].join("|"), message), {
      regex: "^\\./(?!lib/|remote-step$|refusal$)",
      allowTypeImports: true,
      message: "Take a sibling's instance as an argument: deploy-system.ts wires the components.",
    }),
  };
}

export default typescript.config(
  {
    // an application of the local cloud has tools of its own: its image's build checks its types
    ignores: ["**/node_modules/", "coverage/", ".homeport/", "local-cloud/apps/"],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  ...typescript.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: "./tsconfig.check.json", tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "@pulumi": pulumi },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
      ],
      // an `async` function without `await` is how a callback that may be slow one day meets its interface
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-extraneous-class": "off",
      eqeqeq: "error",
      complexity: ["error", 10],
      "max-lines": ["error", 250],
      "max-lines-per-function": ["error", 50],
      "no-restricted-syntax": ["error", NO_DEFAULT_EXPORT, NO_NEW_UNDER_APPLY],
    },
  },
  {
    files: ["index.ts", "system.ts", "components/**/*.ts", "systems/**/*.ts", "examples/*/*.ts"],
    rules: {
      "no-restricted-properties": ["error", NO_ENVIRONMENT],
      "no-restricted-globals": [
        "error",
        { name: "process", message: "The program does not know its process." },
      ],
      "no-restricted-syntax": ["error", NO_DEFAULT_EXPORT, NO_NEW_UNDER_APPLY, NO_CONFIG, NO_PROVIDER],
    },
  },
  {
    // a project as a user has one: what is in the package's exports, and its own files
    files: ["examples/*/*.ts"],
    rules: imports(
      only(
        "@pulumi/pulumi|homeport(?:/system)?|\\./[a-z-]+",
        "A project imports homeport and its own files.",
      ),
    ),
  },
  {
    files: ["index.ts"],
    rules: imports(
      only(
        "@pulumi/pulumi|\\./components/.+|\\./system",
        "index.ts deploys this project's system, nothing else.",
      ),
    ),
  },
  {
    files: ["system.ts"],
    rules: imports(only("\\./systems/[a-z-]+", "system.ts names the project's system.")),
  },
  {
    files: ["components/deploy-system.ts", "components/index.ts"],
    rules: imports(only("@pulumi/pulumi|\\./[a-z-]+|\\./lib/[a-z-]+", "It wires components, nothing else.")),
  },
  component(
    ["components/*.ts"],
    [],
    ["config", "deploy-system", "index"].map((name) => `components/${name}.ts`),
  ),
  ...providerRooms(),
  {
    files: ["components/container-host.ts"],
    rules: { "no-restricted-syntax": ["error", NO_DEFAULT_EXPORT, NO_NEW_UNDER_APPLY, NO_CONFIG] },
  },
  {
    files: ["components/config.ts"],
    rules: {
      ...imports(
        only("@pulumi/pulumi|zod|\\./lib/[a-z-]+", "config.ts reads config: no provider, no component."),
      ),
      "no-restricted-properties": "off",
      "no-restricted-globals": "off",
      "no-restricted-syntax": ["error", NO_DEFAULT_EXPORT, NO_NEW_UNDER_APPLY, NO_PROVIDER],
    },
  },
  {
    files: ["components/lib/*.ts"],
    rules: imports(
      only(
        "node:(?:crypto|net|path)|zod|yaml|sshpk|\\./[a-z-]+",
        "lib is pure: node's own tools, small libraries.",
      ),
    ),
  },
  {
    // those with effects: the stack's SSH files, and the reading of this repository's scripts and of a unit's code
    files: ["ssh-files", "scripts", "code-tree"].map((name) => `components/lib/${name}.ts`),
    rules: {
      ...imports(
        only("node:(?:crypto|fs|path)|\\./[a-z-]+", "this file reads and writes files, nothing more."),
      ),
      "no-restricted-globals": "off",
    },
  },
  {
    files: ["systems/*.ts"],
    rules: imports(only("\\.\\./components/lib/system", "A system is a spec: defineSystem and its types.")),
  },
  {
    files: ["local-cloud/**/*.ts"],
    rules: imports({
      regex: "^(?:\\.\\./)+(?:components|systems|cli|index)(?:/|$)",
      message: "The local cloud does not know the program.",
    }),
  },
  {
    files: ["cli/**/*.ts"],
    rules: imports(
      {
        regex: "^(?:\\.\\./)+local-cloud(?:/|$)",
        message: "The CLI knows only the local cloud's public command.",
      },
      {
        regex: "^(?:\\.\\./)+components/(?!lib/)",
        message: "The CLI uses components/lib; Pulumi runs components.",
      },
    ),
  },
  {
    files: TESTS,
    rules: {
      "max-lines-per-function": "off",
      // a table of cases is read line by line, and is best left in one piece
      "max-lines": ["error", 350],
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-syntax": ["error", NO_DEFAULT_EXPORT, NO_EXPECT_UNDER_APPLY],
    },
  },
  { files: ["*.config.ts", "*.config.mts", "*.config.mjs"], rules: { "no-restricted-syntax": "off" } },
  {
    // what has to run before, or without, the TypeScript loader: no types to ask
    files: ["**/*.js", "**/*.mjs"],
    extends: [typescript.configs.disableTypeChecked],
    languageOptions: { globals: NODE_GLOBALS },
    rules: { "@pulumi/no-output-in-template-literal": "off" },
  },
  {
    files: ["**/*.js"],
    languageOptions: { sourceType: "commonjs" },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
