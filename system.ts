/** What this project deploys: `homeport` finds it here, as in every project. */
export { runningCalendar as system } from "./systems/running-calendar";
