// The conductor's hand in each role: takes commands as texts, since these nodes exchange nothing but their own messages and Akka's
// primitives.
using System.Globalization;
using Akka.Actor;

namespace HotStandby.Tests.MultiNode;

/// <summary>Answers every command with the state of the node afterwards. One in each actor system of a role.</summary>
internal sealed class NodeAgent : ReceiveActor
{
    /// <summary>Its name below the user guardian.</summary>
    public const string Name = "node-agent";

    /// <summary>Asks for the state alone.</summary>
    public const string Look = "look";

    /// <summary>The node is about to be killed.</summary>
    public const string ExpectEnd = "expect-end";

    /// <summary>Leave in order.</summary>
    public const string Leave = "leave";

    /// <summary>Take everything that the node has stored.</summary>
    public const string LoseDisk = "lose-disk";

    /// <summary>The scenario is over; the role goes on until it is told to <see cref="End"/>.</summary>
    public const string Over = "over";

    /// <summary>The role ends. Not answered: nothing may be left that could.</summary>
    public const string End = "end";

    private const string Start = "start";

    private readonly NodeHost _host;

    /// <summary>Use <see cref="Props"/>.</summary>
    public NodeAgent(NodeHost host)
    {
        _host = host;
        ReceiveAsync<string>(async command =>
        {
            var asker = Sender;
            await ObeyAsync(command.Split(' '));
            asker.Tell(_host.State);
        });
    }

    /// <summary>How to make one.</summary>
    public static Props Props(NodeHost host) => Akka.Actor.Props.Create(() => new NodeAgent(host));

    /// <summary>The command that begins a life.</summary>
    public static string StartCommand(NodeStart start) =>
        string.Create(CultureInfo.InvariantCulture, $"{Start} {start.ClientPort} {start.HttpPort} {string.Join(' ', start.Seeds)}");

    private async Task ObeyAsync(string[] words)
    {
        switch (words)
        {
            case [Start, var client, var http, .. var seeds]:
                await _host.StartAsync(
                    new NodeStart(int.Parse(client, CultureInfo.InvariantCulture), int.Parse(http, CultureInfo.InvariantCulture), seeds));
                break;
            case [ExpectEnd]:
                _host.ExpectEnd();
                break;
            case [Leave]:
                _ = _host.Leave(); // not awaited: it ends this actor, too
                break;
            case [LoseDisk]:
                _host.RemoveData();
                break;
            case [Over]:
                _host.IsOver = true;
                break;
            case [End]:
                _host.End();
                break;
            case [Look]:
                break;
            default:
                throw new ArgumentException($"unknown command '{string.Join(' ', words)}'", nameof(words));
        }
    }
}
