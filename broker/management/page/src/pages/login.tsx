import { ended, logIn } from "../state/session";
import { ThemeChoice } from "../shell";
import { Form, Text } from "../ui/form";
import { Logo } from "../ui/icons";
import { ApiError } from "../api/http";

export function Login() {
  return (
    <main class="login">
      <div class="card">
        <div class="welcome">
          <Logo />
          <h1>LepusMQ</h1>
          <p class="faint">Log in to manage this broker</p>
        </div>
        {ended.value && (
          <p class="problem" role="alert">
            {ended.value}
          </p>
        )}
        <Form action="Log in" onSend={(values) => enter(values.text("name"), values.text("password"))}>
          <Text label="User" name="name" required focus autocomplete="username" />
          <Text label="Password" name="password" type="password" autocomplete="current-password" />
        </Form>
      </div>
      <ThemeChoice />
    </main>
  );
}

async function enter(name: string, password: string): Promise<void> {
  try {
    await logIn(name, password);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401 && error.message === "Login failed")
      throw new Error("The user or the password is wrong.");
    throw error;
  }
}
