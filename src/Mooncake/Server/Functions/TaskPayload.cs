// The details of a task as a client wants them: a JSON object. It is written here and not by a JSON library because a key is
// bytes that need not be text, and the client must get back the very bytes.
using System.Buffers;
using System.Text;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>Writes the payload of a task: tenant_id, key, source, and targets (a copy) or target (a move).</summary>
internal static class TaskPayload
{
    private const byte FirstPrintable = 0x20;

    /// <summary>The JSON text.</summary>
    public static ByteString Of(ReplicationTask task)
    {
        var json = new ArrayBufferWriter<byte>();
        json.Write("{\"tenant_id\":"u8);
        WriteString(json, task.Key.Tenant);
        json.Write(",\"key\":"u8);
        WriteString(json, task.Key.UserKey);
        json.Write(",\"source\":"u8);
        WriteString(json, task.Source);
        if (task.Type == TaskType.ReplicaMove)
        {
            json.Write(",\"target\":"u8);
            WriteString(json, task.Targets[0]);
        }
        else
        {
            json.Write(",\"targets\":["u8);
            for (var i = 0; i < task.Targets.Count; i++)
            {
                if (i > 0)
                    json.Write(","u8);
                WriteString(json, task.Targets[i]);
            }
            json.Write("]"u8);
        }
        json.Write("}"u8);
        return new(json.WrittenMemory);
    }

    private static void WriteString(ArrayBufferWriter<byte> json, string text) => WriteString(json, Encoding.UTF8.GetBytes(text));

    private static void WriteString(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> text)
    {
        json.Write("\""u8);
        foreach (var octet in text)
        {
            if (octet < FirstPrintable)
                json.Write(Encoding.ASCII.GetBytes($"\\u{octet:x4}"));
            else if (octet is (byte)'"' or (byte)'\\')
                json.Write([(byte)'\\', octet]);
            else
                json.Write([octet]);
        }
        json.Write("\""u8);
    }
}
