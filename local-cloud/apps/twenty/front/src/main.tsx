import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { ask, signIn } from "./api";

interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

const values = (form: HTMLFormElement) => Object.fromEntries(new FormData(form)) as Record<string, string>;

function SignIn({ done }: { readonly done: () => void }): ReactNode {
  const [fault, setFault] = useState("");
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const { email = "", password = "" } = values(event.currentTarget);
    await signIn(email, password).then(done, (error: Error) => setFault(error.message));
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <h1>Twenty</h1>
      <label>
        E-mail <input name="email" type="email" required autoComplete="username" />
      </label>
      <label>
        Password <input name="password" type="password" required autoComplete="current-password" />
      </label>
      <button type="submit">Sign in</button>
      <p role="alert">{fault}</p>
    </form>
  );
}

function People(): ReactNode {
  const [people, setPeople] = useState<readonly Person[]>([]);
  const load = () =>
    ask<{ people: Person[] }>("{ people { id name email } }").then((data) => setPeople(data.people));
  useEffect(() => void load(), []);
  const add = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const create =
      "mutation ($name: String!, $email: String!) { createPerson(name: $name, email: $email) { id } }";
    await ask(create, values(form));
    form.reset();
    await load();
  };
  return (
    <>
      <h1>People</h1>
      <ul>
        {people.map(({ id, name, email }) => (
          <li key={id}>
            {name} <a href={`mailto:${email}`}>{email}</a>
          </li>
        ))}
      </ul>
      <form onSubmit={(event) => void add(event)}>
        <input name="name" required placeholder="Name" />
        <input name="email" type="email" required placeholder="E-mail" />
        <button type="submit">Add</button>
      </form>
    </>
  );
}

function Application(): ReactNode {
  const [known, setKnown] = useState(false);
  return known ? <People /> : <SignIn done={() => setKnown(true)} />;
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<Application />);
