// completions: what a shell needs to complete verbs and options. The script asks the program itself, so it knows what the program knows.
using System.CommandLine;
using HotStandby.CommandLine;

namespace HotStandby.Host.Commands;

/// <summary>The verb <c>completions</c>.</summary>
internal static class CompletionsCommand
{
    private const string Bash = """
        _hotstandby() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$("$1" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _hotstandby hotstandby
        """;

    private const string Zsh = """
        _hotstandby() {
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -- "${found[@]}"
        }
        compdef _hotstandby hotstandby
        """;

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command(
            "completions", "Print a script that completes verbs and options: source <(hotstandby completions bash).") { shell };
        command.SetAction(result =>
        {
            terminal.Output.WriteLine((result.GetRequiredValue(shell) == "zsh" ? Zsh : Bash).ReplaceLineEndings("\n"));
            return ExitCode.Ok;
        });
        return command;
    }
}
