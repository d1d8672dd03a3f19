// An admin server on a free loopback port over a scripted node.
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using HotStandby.Actors.Node;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Verification;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Core.Verification;
using HotStandby.Host.Http;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using Microsoft.AspNetCore.Builder;

namespace HotStandby.Tests.Process.Http;

/// <summary>An answer, with its body as text.</summary>
internal sealed record Answer(int Status, string Text, string? ContentType, string? Error = null)
{
    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>The error code of a refusal.</summary>
    public int ErrorCode => Error is { } said
        ? int.Parse(said.Split(' ')[0], CultureInfo.InvariantCulture) : Json.GetProperty("error_code").GetInt32();

    /// <summary>The words of a refusal.</summary>
    public string ErrorMessage =>
        Error is { } said ? said[(said.IndexOf(' ', StringComparison.Ordinal) + 1)..] : Json.GetProperty("error_message").GetString()!;
}

internal sealed class AdminServerFixture : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly HttpClient _client;

    private AdminServerFixture(WebApplication server, ScriptedGateway gateway)
    {
        (_server, Gateway) = (server, gateway);
        _client = new HttpClient { BaseAddress = new Uri(server.Urls.Single()) };
    }

    public ScriptedGateway Gateway { get; }

    public WebApplication Server => _server;

    public static async Task<AdminServerFixture> StartAsync(
        Func<CancellationToken, Task<NodeReport>>? report = null, TimeSpan? callTimeout = null,
        Func<NodeCommand, CancellationToken, Task<string?>>? command = null,
        Func<Partition, VerifyFault, CancellationToken, Task<int>>? inject = null, Func<AdminOptions, AdminOptions>? change = null,
        Func<NodeReport?>? pulse = null, bool isolatesTenants = true)
    {
        var gateway = new ScriptedGateway();
        var options = new AdminOptions
        {
            Endpoint = new IPEndPoint(IPAddress.Loopback, 0),
            ClientAddress = "10.0.0.1:50051",
            CallTimeout = callTimeout ?? Deadline.Step,
            Tenancy = new Tenancy(isolatesTenants),
        };
        report ??= _ => Task.FromResult(Report());
        var server = await AdminServer.StartAsync(change?.Invoke(options) ?? options, gateway, report, new NodeControls(
            command ?? ((_, _) => Task.FromResult<string?>(null)), inject ?? ((_, _, _) => Task.FromResult(1)))
        {
            Pulse = pulse ?? (() => PulseOf(report)),
            SwitchOver = static (_, _) => Task.FromResult<string?>(null),
            Verify = static (_, _, _) => Task.FromResult(new VerifyNowAnswer([], null)),
            ReadOpLog = static (_, _, _) => Task.FromResult<IReadOnlyList<OpLogBatch>>([]),
            Members = static () => [],
        });
        return new AdminServerFixture(server, gateway);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, string? contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
            request.Content.Headers.ContentType = contentType is null ? null : new MediaTypeHeaderValue(contentType);
        }

        using var response = await _client.SendAsync(request);
        return new Answer(
            (int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.ToString(),
            response.Headers.TryGetValues("X-Error", out var said) ? said.Single() : null);
    }

    /// <summary>Sends a request as it is written here, a line for each string, and gives all that comes back.</summary>
    public async Task<string> SendRawAsync(params string[] lines)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", lines)));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Sends a request with headers; null values are left out.</summary>
    public Task<string> SendRawAsync(string method, string path, params (string Name, string Value)[] headers) => SendRawAsync(
    [
        $"{method} {path} HTTP/1.1", .. headers.Any(
            static each => each.Name == "Host") ? Array.Empty<string>() : [$"Host: 127.0.0.1:{Port}"],
        .. headers.Select(static each => $"{each.Name}: {each.Value}"), "Content-Length: 0", "Connection: close", "", "",
    ]);

    /// <summary>The port that was taken.</summary>
    public int Port => new Uri(_server.Urls.Single()).Port;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    // What the node says at once; a node that says nothing has no pulse.
    private static NodeReport? PulseOf(Func<CancellationToken, Task<NodeReport>> report)
    {
        try
        {
            return report(CancellationToken.None) is { IsCompletedSuccessfully: true, Result: var said } ? said : null;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>A report of n1: by default a Standby in sync, at seq 100 of epoch 7, led by n2.</summary>
    public static NodeReport Report(
        ReplicaRole role = ReplicaRole.Standby, bool serving = false, string? leader = "n2", bool voting = true, ulong applied = 100,
        ulong committed = 100, bool whole = true, params StandbyStatus[] standbys) => new(
        new ReplicaReport(
            new NodeId("n1"), role, serving, 7, leader is null ? default : new NodeId(leader), voting, committed, committed,
            committed, applied, serving ? 1500 : 0, 3, standbys, new ApplyLag(4, 10, 20, 30, 40),
            new StateStatus(IsWhole: whole, 40, 60, null))
        {
            Phase = role switch
            {
                ReplicaRole.Primary => serving ? NodePhase.Serving : NodePhase.Opening,
                ReplicaRole.Candidate => NodePhase.Campaigning,
                _ => whole ? NodePhase.Following : NodePhase.Restoring,
            },
        },
        [],
        new VerificationReport(true, new VerificationCounts(1, 2, 3, 4, 5, 6, 7), 8, true, []));
}
